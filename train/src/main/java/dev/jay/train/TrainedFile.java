// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.model.load.GgmlType;
import dev.jay.model.load.GgufWriter;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A model as training has it, to and from GGUF: written as f32, which any of Jay's commands opens. */
public final class TrainedFile {
    private static final GgmlType F32 = new GgmlType(0, "F32", 1, 4);
    private static final String TOKENIZER = "tokenizer.";

    private TrainedFile() {}

    /** Of a file's metadata what belongs to the tokenizer, with its chat template. */
    static Metadata tokenizerOf(Metadata all) {
        Map<String, Object> kept = new LinkedHashMap<>();
        all.values().forEach((key, value) -> {
            // A list that lies in a file that will be closed is copied.
            if (key.startsWith(TOKENIZER)) kept.put(key, value instanceof List<?> list ? List.copyOf(list) : value);
        });
        return new Metadata(kept);
    }

    /**
     * Sets the parameters to a model's weights, whatever their format.
     *
     * @throws MalformedModelException if a tensor is missing, or has another shape or a format that is not decoded
     */
    public static void read(WeightSource source, Parameters parameters) {
        for (Parameter p : parameters.all()) {
            WeightSource.Entry entry = source.find(p.name());
            if (entry == null) throw new MalformedModelException("training from a model: it lacks " + p.name());
            List<Long> dims = dims(p);
            WeightFormat format = WeightFormats.byGgmlType(entry.type()).orElse(null);
            if (!entry.dims().equals(dims) || format == null) {
                throw new MalformedModelException("training from a model: " + p.name() + " is " + entry.typeName() + " "
                        + entry.dims() + ", wanted " + dims + " of " + WeightFormats.ALL.names());
            }
            for (int row = 0; row < p.rows(); row++) {
                MemorySegment to = p.value().asSlice(4L * row * p.cols(), 4L * p.cols());
                format.decode(entry.bytes(), format.bytesFor((long) row * p.cols()), p.cols(), to, 0);
            }
        }
    }

    private static List<Long> dims(Parameter p) {
        return p.isMatrix() ? List.of((long) p.cols(), (long) p.rows()) : List.of((long) p.cols());
    }

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
            writer.tensor(p.name(), dims(p), F32, sink -> sink.write(p.value().asSlice(0, 4 * p.count())));
        }
        writer.write(out);
    }
}
