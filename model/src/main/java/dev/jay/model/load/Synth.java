// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * Writes a model of random weights: as large and as fast as a real one, and of no use but for tests and measurements.
 * The file depends on shape, format and seed alone. Matrices are normal with a deviation of 1/sqrt(columns), so that
 * activations keep their size; norms are near one, biases near zero. Its tokenizer has a token for every byte.
 */
public final class Synth {
    private static final String TOKENS = "tokenizer.ggml.";
    private static final long OWN_BUDGET = 64 << 20;

    private final SynthShape shape;
    private final WeightFormat format;
    private final long seed;
    private final WriteProgress progress;
    private final GgufWriter writer = new GgufWriter();
    private long written;
    private int tensors;

    private Synth(SynthShape shape, WeightFormat format, long seed, WriteProgress progress) {
        this.shape = shape;
        this.format = format;
        this.seed = seed;
        this.progress = progress;
    }

    /** Writes {@code out}, which appears only when complete. Matrices whose rows the format does not fit get a larger one. */
    public static void write(
            Memory memory,
            Workers workers,
            SynthShape shape,
            WeightFormat format,
            long seed,
            Path out,
            WriteProgress progress)
            throws IOException {
        Synth synth = new Synth(shape, format, seed, progress);
        try (TensorCoder coder = new TensorCoder(memory, workers)) {
            synth.describe();
            new SynthTensors(shape).list(synth.tensors(coder));
            synth.writer.write(out);
        }
    }

    /** The same in working memory of its own, on one thread; shape and format as their catalogs read them. */
    public static void write(String shape, String format, long seed, Path out) throws IOException {
        try (Memory memory = Memory.withBudget(OWN_BUDGET);
                Workers workers = Workers.of(1)) {
            SynthShape made = SynthShapes.ALL.make(shape);
            write(memory, workers, made, WeightFormats.ALL.make(format), seed, out, (done, total, tensor) -> {});
        }
    }

    private void describe() {
        String key = shape.architecture() + ".";
        boolean isEncoder = shape.has(SynthTrait.ENCODER);
        writer.put("general.architecture", shape.architecture())
                .put("general.name", shape.name() + " of random weights, seed " + seed)
                .put(key + "context_length", (long) shape.context())
                .put(key + "embedding_length", (long) shape.dim())
                .put(key + "block_count", (long) shape.layers())
                .put(key + "feed_forward_length", (long) shape.hidden())
                .put(key + "attention.head_count", (long) shape.heads())
                .put(key + "attention.head_count_kv", (long) shape.kvHeads())
                .put(key + "attention.key_length", (long) shape.headDim())
                .put(key + "attention.value_length", (long) shape.headDim())
                .put(
                        key + (isEncoder ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
                        shape.normEps())
                .put(key + "rope.dimension_count", (long) shape.headDim());
        if (!shape.keys().containsKey("rope.freq_base")) writer.put(key + "rope.freq_base", shape.ropeBase());
        writer.put(key + "vocab_size", (long) shape.vocabulary());
        new TreeMap<>(shape.keys()).forEach((name, value) -> writer.put(key + name, value));
        if (isEncoder) writer.put(TOKENS + "token_type_count", 2L);
        GgmlType.of(format).fileType().ifPresent(t -> writer.put("general.file_type", t));
        describeTokens();
    }

    private void describeTokens() {
        int size = shape.vocabulary();
        List<String> tokens = new ArrayList<>(size);
        int[] types = new int[size];
        tokens.addAll(List.of("<unk>", "<s>", "</s>"));
        Arrays.fill(types, 0, tokens.size(), TokenType.CONTROL);
        types[0] = TokenType.UNKNOWN;
        Arrays.fill(types, tokens.size(), tokens.size() + 256, TokenType.BYTE);
        for (int b = 0; b < 256; b++) tokens.add("<0x%02X>".formatted(b));
        types[tokens.size()] = TokenType.NORMAL;
        tokens.add("\u2581"); // how this kind of vocabulary writes a space
        Arrays.fill(types, tokens.size(), size, TokenType.UNUSED);
        while (tokens.size() < size) tokens.add("<pad" + tokens.size() + ">");
        writer.put(TOKENS + "model", "llama")
                .put(TOKENS + "tokens", tokens)
                .put(TOKENS + "scores", new float[size])
                .put(TOKENS + "token_type", types)
                .put(TOKENS + "bos_token_id", 1L)
                .put(TOKENS + "eos_token_id", 2L)
                .put(TOKENS + "unknown_token_id", 0L)
                .put(TOKENS + "add_bos_token", true)
                .put(TOKENS + "add_eos_token", false)
                .put(TOKENS + "add_space_prefix", false);
    }

    private SynthTensors.Sink tensors(TensorCoder coder) {
        return new SynthTensors.Sink() {
            @Override
            public void matrix(String name, long cols, long... rows) {
                List<Long> dims = new ArrayList<>(List.of(cols));
                for (long r : rows) dims.add(r);
                float deviation = (float) (1 / Math.sqrt(cols));
                tensor(coder, name, List.copyOf(dims), WeightFormats.fitting(format, cols), 0, deviation);
            }

            @Override
            public void vector(String name, long size, float mean, float deviation) {
                tensor(coder, name, List.of(size), WeightFormats.ALL.make("f32"), mean, deviation);
            }

            @Override
            public void exact(String name, long cols, long rows) {
                float deviation = (float) (1 / Math.sqrt(cols));
                tensor(coder, name, List.of(cols, rows), WeightFormats.ALL.make("f32"), 0, deviation);
            }
        };
    }

    private void tensor(TensorCoder coder, String name, List<Long> dims, WeightFormat as, float mean, float deviation) {
        long stream = mix(mix(seed) + tensors++);
        long weights = dims.stream().reduce(1L, (a, b) -> a * b);
        writer.tensor(
                name,
                dims,
                GgmlType.of(as),
                sink -> coder.write(
                        sink,
                        as,
                        weights,
                        (first, count, floats) -> normal(stream, first, count, mean, deviation, floats),
                        bytes -> {
                            written += bytes;
                            progress.wrote(written, writer.tensorBytes(), name);
                        }));
    }

    /** Weight i is a function of the stream and i alone, so slices may be made in any order. */
    private static void normal(long stream, long first, int count, float mean, float deviation, MemorySegment floats) {
        float scale = deviation / 37837.2f; // deviation of a sum of four numbers below 2^16
        for (int i = 0; i < count; i++) {
            long r = mix(stream + (first + i) * 0x9E3779B97F4A7C15L);
            int sum = (int) (r & 0xFFFF) + (int) (r >>> 16 & 0xFFFF) + (int) (r >>> 32 & 0xFFFF) + (int) (r >>> 48);
            Floats.set(floats, i, mean + scale * (sum - 2 * 0xFFFF));
        }
    }

    /** The finaliser of SplitMix64: every bit of the input moves every bit of the output. */
    private static long mix(long z) {
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
