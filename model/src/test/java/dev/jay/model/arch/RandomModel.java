// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A small model of random weights, as a file would give it and as doubles for the definition. Its bytes may be read while
 * their layer is held, and at no other time.
 */
final class RandomModel implements Weights, AutoCloseable {
    static final int LAYERS = 2;
    static final int HEADS = 4;
    static final int KV_HEADS = 2;
    static final int HEAD_DIM = 32;
    static final int VOCABULARY = 97;
    static final double EPS = 1e-5;
    static final double LINEAR_FACTOR = 3; // of qwen3's positions here

    final String family;
    final int dim;
    final int hidden;
    final int rotaryDim;
    final Map<String, double[][]> doubles = new HashMap<>();
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Map<Integer, Integer> held = new HashMap<>();
    private final List<Region> regions = new ArrayList<>();
    private final Memory memory;
    private final Random random;

    /** @param format of every matrix; vectors are f32 */
    RandomModel(Memory memory, long seed, String family, String format) {
        WeightFormat matrices = WeightFormats.ALL.make(format);
        this.memory = memory;
        this.random = new Random(seed);
        this.family = family;
        this.dim = Math.max(64, matrices.blockSize());
        this.hidden = 256;
        this.rotaryDim = family.equals("llama") ? 16 : HEAD_DIM;
        int q = HEADS * HEAD_DIM;
        int kv = KV_HEADS * HEAD_DIM;
        WeightFormat mixed = q % matrices.blockSize() == 0 ? matrices : WeightFormats.ALL.make("q8_0");
        add("token_embd.weight", matrices, VOCABULARY, dim, 1);
        vector("output_norm.weight", dim, 1);
        if (!family.equals("qwen2")) add("output.weight", matrices, VOCABULARY, dim, 1);
        if (family.equals("llama")) vector("rope_freqs.weight", rotaryDim / 2, 2);
        for (int l = 0; l < LAYERS; l++) {
            String p = "blk." + l + ".";
            vector(p + "attn_norm.weight", dim, 1);
            vector(p + "ffn_norm.weight", dim, 1);
            add(p + "attn_q.weight", matrices, q, dim, 2);
            add(p + "attn_k.weight", matrices, kv, dim, 2);
            add(p + "attn_v.weight", matrices, kv, dim, 1);
            add(p + "attn_output.weight", mixed, dim, q, 1);
            add(p + "ffn_gate.weight", matrices, hidden, dim, 1);
            add(p + "ffn_up.weight", matrices, hidden, dim, 1);
            add(p + "ffn_down.weight", matrices, dim, hidden, 1);
            if (family.equals("qwen3")) {
                vector(p + "attn_q_norm.weight", HEAD_DIM, 1);
                vector(p + "attn_k_norm.weight", HEAD_DIM, 1);
            }
            if (family.equals("qwen2")) {
                vector(p + "attn_q.bias", q, 0);
                vector(p + "attn_k.bias", kv, 0);
                vector(p + "attn_v.bias", kv, 0);
            }
        }
    }

    Metadata metadata() {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("general.architecture", family);
        m.put(family + ".block_count", (long) LAYERS);
        m.put(family + ".embedding_length", (long) dim);
        m.put(family + ".attention.head_count", (long) HEADS);
        m.put(family + ".attention.head_count_kv", (long) KV_HEADS);
        m.put(family + ".attention.key_length", (long) HEAD_DIM);
        m.put(family + ".feed_forward_length", (long) hidden);
        m.put(family + ".context_length", 256L);
        m.put(family + ".vocab_size", (long) VOCABULARY);
        m.put(family + ".attention.layer_norm_rms_epsilon", EPS);
        if (family.equals("llama")) m.put("llama.rope.dimension_count", (long) rotaryDim);
        if (family.equals("qwen2")) m.put("qwen2.rope.freq_base", 1e6);
        if (family.equals("qwen3")) {
            m.put("qwen3.rope.scaling.type", "linear");
            m.put("qwen3.rope.scaling.factor", LINEAR_FACTOR);
        }
        return new Metadata(m);
    }

    /** Replaces a tensor with one of another shape. */
    void put(String name, int rows, int cols) {
        add(name, WeightFormats.ALL.make("f32"), rows, cols, 1);
    }

    void remove(String name) {
        tensors.remove(name);
    }

    /** Around {@code mean}, and never far from it. */
    private void vector(String name, int width, double mean) {
        add(name, WeightFormats.ALL.make("f32"), 1, width, 1);
        MemorySegment bytes = tensors.get(name).bytes();
        for (int i = 0; i < width; i++) {
            float v = (float) (mean + 0.3 * random.nextDouble());
            Floats.set(bytes, i, v);
            doubles.get(name)[0][i] = v;
        }
    }

    private void add(String name, WeightFormat format, int rows, int cols, double scale) {
        Region region = memory.reserve("weights", rows * (format.bytesFor(cols) + 4L * cols));
        regions.add(region);
        MemorySegment bytes = region.bytes().asSlice(0, rows * format.bytesFor(cols));
        MemorySegment floats = region.bytes().asSlice(bytes.byteSize());
        double size = scale / Math.sqrt(cols);
        for (long i = 0; i < (long) rows * cols; i++) Floats.set(floats, i, (float) (size * random.nextGaussian()));
        Tensor tensor = new Tensor(bytes, format, rows, cols);
        double[][] exact = new double[rows][cols];
        for (int r = 0; r < rows; r++) {
            format.encode(floats, 4L * r * cols, cols, bytes, r * tensor.rowBytes());
            tensor.decodeRow(r, floats, 4L * r * cols);
            for (int c = 0; c < cols; c++) exact[r][c] = Floats.get(floats, (long) r * cols + c);
        }
        tensors.put(name, tensor);
        doubles.put(name, exact);
    }

    @Override
    public Matrix matrix(int layer, String name) {
        if (!name.startsWith("blk." + layer + ".") && layer != ROOT)
            throw new AssertionError(name + " is not of layer " + layer);
        Tensor tensor = tensors.get(name);
        return new Matrix() {
            @Override
            public WeightFormat format() {
                return tensor.format();
            }

            @Override
            public int rows() {
                return tensor.rows();
            }

            @Override
            public int cols() {
                return tensor.cols();
            }

            @Override
            public MemorySegment bytes() {
                if (held.getOrDefault(layer, 0) == 0) throw new AssertionError(name + " read while not held");
                return tensor.bytes();
            }
        };
    }

    @Override
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    @Override
    public void hold(int layer) {
        held.merge(layer, 1, Integer::sum);
    }

    @Override
    public void release(int layer) {
        if (held.merge(layer, -1, Integer::sum) < 0) throw new AssertionError("released and not held: " + layer);
    }

    /** True if every hold has had its release. */
    boolean isLetGo() {
        return held.values().stream().allMatch(h -> h == 0);
    }

    @Override
    public void close() {
        regions.forEach(Region::close);
    }
}
