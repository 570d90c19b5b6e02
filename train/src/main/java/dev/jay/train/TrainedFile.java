// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.model.load.GgmlType;
import dev.jay.model.load.GgufWriter;
import dev.jay.model.load.Metadata;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A trained model as a GGUF file of f32 weights, which any of Jay's commands opens, {@code jay quantize} first of all. */
public final class TrainedFile {
    private static final GgmlType F32 = new GgmlType(0, "F32", 1, 4);
    private static final String TOKENIZER = "tokenizer.";

    private TrainedFile() {}

    /**
     * The file appears when it is complete.
     *
     * @param tokenizer what to take the tokenizer from, as it is there
     */
    public static void write(Parameters parameters, String name, Metadata tokenizer, Path out) throws IOException {
        ModelSpec s = parameters.spec();
        String key = s.architecture() + ".";
        GgufWriter writer = new GgufWriter()
                .put("general.architecture", s.architecture())
                .put("general.name", name)
                .put("general.file_type", 0L)
                .put(key + "context_length", (long) s.contextLength())
                .put(key + "embedding_length", (long) s.dim())
                .put(key + "block_count", (long) s.layers())
                .put(key + "feed_forward_length", (long) s.hidden())
                .put(key + "attention.head_count", (long) s.heads())
                .put(key + "attention.head_count_kv", (long) s.kvHeads())
                .put(key + "attention.key_length", (long) s.headDim())
                .put(key + "attention.value_length", (long) s.headDim())
                .put(key + "attention.layer_norm_rms_epsilon", (double) s.normEps())
                .put(key + "rope.dimension_count", (long) s.rotary().dim())
                .put(key + "rope.freq_base", s.rotary().base())
                .put(key + "vocab_size", (long) s.vocabulary());
        tokenizer.values().forEach((k, value) -> {
            if (k.startsWith(TOKENIZER)) writer.put(k, value);
        });
        for (Parameter p : parameters.all()) {
            List<Long> dims = p.isMatrix() ? List.of((long) p.cols(), (long) p.rows()) : List.of((long) p.cols());
            writer.tensor(p.name(), dims, F32, sink -> sink.write(p.value().asSlice(0, 4 * p.count())));
        }
        writer.write(out);
    }
}
