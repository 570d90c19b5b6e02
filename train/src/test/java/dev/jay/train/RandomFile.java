// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.load.GgmlType;
import dev.jay.model.load.GgufWriter;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A file of a small model of any family and format, of random weights; and what they are as doubles. */
final class RandomFile {
    static final int LAYERS = 2;
    static final int HEADS = 4;
    static final int KV_HEADS = 2;
    static final int HEAD_DIM = 8;
    static final List<String> LETTERS = letters();

    final Map<String, double[]> doubles = new HashMap<>();
    private final GgufWriter writer = new GgufWriter();
    private final Random random;
    private final WeightFormat matrices;
    private final int dim;

    /** Every byte a token, as BPE has them, and the end of a text. */
    private static List<String> letters() {
        List<String> all = new ArrayList<>(List.of("<|endoftext|>"));
        for (int b = 0; b < 128; b++) {
            boolean shown = b > 32 && b < 127;
            int shifted = b <= 32 ? 256 + b : 256 + 33; // GPT-2's letters for bytes: of these, no more is needed here
            all.add(new String(Character.toChars(shown ? b : shifted)));
        }
        return all;
    }

    private RandomFile(long seed, String format, int dim) {
        this.random = new Random(seed);
        this.matrices = WeightFormats.ALL.make(format);
        this.dim = dim;
    }

    static RandomFile write(Path out, long seed, String family, String format) throws IOException {
        return write(out, seed, family, format, WeightFormats.ALL.make(format).blockSize() > 32 ? 256 : 32);
    }

    static RandomFile write(Path out, long seed, String family, String format, int dim) throws IOException {
        RandomFile file = new RandomFile(seed, format, dim);
        file.plan(family);
        file.writer.write(out);
        return file;
    }

    private void plan(String family) {
        int headDim = Math.max(HEAD_DIM, dim / HEADS);
        int queries = HEADS * headDim;
        int keys = KV_HEADS * headDim;
        int hidden = 2 * dim;
        writer.put("general.architecture", family)
                .put("general.name", "random")
                .put(family + ".context_length", 256L)
                .put(family + ".embedding_length", (long) dim)
                .put(family + ".block_count", (long) LAYERS)
                .put(family + ".feed_forward_length", (long) hidden)
                .put(family + ".attention.head_count", (long) HEADS)
                .put(family + ".attention.head_count_kv", (long) KV_HEADS)
                .put(family + ".attention.key_length", (long) headDim)
                .put(family + ".attention.value_length", (long) headDim)
                .put(family + ".attention.layer_norm_rms_epsilon", 1e-5)
                .put(family + ".rope.freq_base", 100.0)
                .put("tokenizer.ggml.model", "gpt2")
                .put("tokenizer.ggml.pre", "gpt-2")
                .put("tokenizer.ggml.tokens", LETTERS.stream().distinct().toList())
                .put("tokenizer.ggml.merges", List.of())
                .put("tokenizer.ggml.eos_token_id", 0L)
                .put("tokenizer.ggml.add_bos_token", false);
        int vocabulary = (int) LETTERS.stream().distinct().count();
        matrix("token_embd.weight", vocabulary, dim);
        if (!family.equals("qwen2")) matrix("output.weight", vocabulary, dim);
        vector("output_norm.weight", dim, 1);
        if (family.equals("llama")) vector("rope_freqs.weight", headDim / 2, 2);
        for (int l = 0; l < LAYERS; l++) {
            String p = "blk." + l + ".";
            vector(p + "attn_norm.weight", dim, 1);
            vector(p + "ffn_norm.weight", dim, 1);
            matrix(p + "attn_q.weight", queries, dim);
            matrix(p + "attn_k.weight", keys, dim);
            matrix(p + "attn_v.weight", keys, dim);
            matrix(p + "attn_output.weight", dim, queries);
            matrix(p + "ffn_gate.weight", hidden, dim);
            matrix(p + "ffn_up.weight", hidden, dim);
            matrix(p + "ffn_down.weight", dim, hidden);
            if (family.equals("qwen3")) {
                vector(p + "attn_q_norm.weight", headDim, 1);
                vector(p + "attn_k_norm.weight", headDim, 1);
            }
            if (family.equals("qwen2")) {
                vector(p + "attn_q.bias", queries, 0);
                vector(p + "attn_k.bias", keys, 0);
                vector(p + "attn_v.bias", keys, 0);
            }
        }
    }

    private void vector(String name, int width, double mean) {
        add(name, WeightFormats.ALL.make("f32"), 1, width, mean, 0.3);
    }

    private void matrix(String name, int rows, int cols) {
        add(name, matrices, rows, cols, 0, 1.5 / Math.sqrt(cols));
    }

    private void add(String name, WeightFormat format, int rows, int cols, double mean, double deviation) {
        long count = (long) rows * cols;
        MemorySegment floats = Arena.ofAuto().allocate(4 * count);
        MemorySegment coded = Arena.ofAuto().allocate(format.bytesFor(count));
        for (long i = 0; i < count; i++) Floats.set(floats, i, (float) (mean + deviation * random.nextGaussian()));
        if (mean == 2) for (long i = 0; i < count; i++) Floats.set(floats, i, Math.abs(Floats.get(floats, i)) + 0.5f);
        format.encode(floats, 0, count, coded, 0);
        format.decode(coded, 0, count, floats, 0);
        double[] exact = new double[(int) count];
        for (int i = 0; i < count; i++) exact[i] = Floats.get(floats, i);
        doubles.put(name, exact);
        List<Long> dims = rows == 1 ? List.of((long) cols) : List.of((long) cols, (long) rows);
        GgmlType type = GgmlType.of(format.ggmlType()).orElseThrow();
        writer.tensor(name, dims, type, sink -> sink.write(coded));
    }
}
