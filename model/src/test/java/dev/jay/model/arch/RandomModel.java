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
    static final long CONTEXT = 256;
    static final double EPS = 1e-5;

    static final double FACTOR = 3; // of what stretches contexts here
    static final int ORIGINAL = 64; // tokens before that

    final TestFamily family;
    final int dim;
    final int hidden;
    final int expertHidden = 128;
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
        this.family = TestFamily.of(family);
        this.dim = Math.max(64, matrices.blockSize());
        this.hidden = 256;
        addRoot(matrices);
        for (int l = 0; l < this.family.layers; l++) {
            addAttention("blk." + l + ".", matrices);
            addNorms("blk." + l + ".");
            if (this.family.experts > 0) addExperts("blk." + l + ".", matrices);
            else addMlp("blk." + l + ".", matrices);
        }
    }

    private void addRoot(WeightFormat matrices) {
        double size = family.embeddingScale == 0 ? 1 : 1 / family.embeddingScale;
        add("token_embd.weight", matrices, VOCABULARY, dim, size);
        if (family.isEncoder) {
            add("token_types.weight", WeightFormats.ALL.make("f32"), 2, dim, 1);
            if (family.hasPlaces) add("position_embd.weight", WeightFormats.ALL.make("f32"), (int) CONTEXT, dim, 1);
            layerNorm("token_embd_norm");
            return;
        }
        vector("output_norm.weight", dim, 1);
        if (!family.isTied) add("output.weight", matrices, VOCABULARY, dim, 1);
        if (family.stretch.equals("freqs")) vector("rope_freqs.weight", family.rotaryDim / 2, 2);
        if (family.stretch.equals("long") || family.stretch.equals("short")) {
            vector("rope_factors_long.weight", family.rotaryDim / 2, 2);
            vector("rope_factors_short.weight", family.rotaryDim / 2, 1);
        }
    }

    private void addAttention(String p, WeightFormat matrices) {
        int q = HEADS * HEAD_DIM;
        int kv = KV_HEADS * HEAD_DIM;
        WeightFormat mixed = q % matrices.blockSize() == 0 ? matrices : WeightFormats.ALL.make("q8_0");
        if (family.isFused) {
            add(p + "attn_qkv.weight", matrices, q + 2 * kv, dim, 2);
        } else {
            add(p + "attn_q.weight", matrices, q, dim, 2);
            add(p + "attn_k.weight", matrices, kv, dim, 2);
            add(p + "attn_v.weight", matrices, kv, dim, 1);
        }
        add(p + "attn_output.weight", mixed, dim, q, 1);
        if (family.headNorms != TestFamily.HeadNorms.NONE) {
            boolean isEach = family.headNorms == TestFamily.HeadNorms.EACH;
            vector(p + "attn_q_norm.weight", isEach ? HEAD_DIM : q, 1);
            vector(p + "attn_k_norm.weight", isEach ? HEAD_DIM : kv, 1);
        }
        if (family.hasBiases) {
            vector(p + "attn_q.bias", q, 0);
            vector(p + "attn_k.bias", kv, 0);
            vector(p + "attn_v.bias", kv, 0);
        }
    }

    private void addNorms(String p) {
        switch (family.norms) {
            case BEFORE -> {
                vector(p + "attn_norm.weight", dim, 1);
                vector(p + "ffn_norm.weight", dim, 1);
            }
            case BOTH_SIDES -> {
                vector(p + "attn_norm.weight", dim, 1);
                vector(p + "ffn_norm.weight", dim, 1);
                vector(p + "post_attention_norm.weight", dim, 1);
                vector(p + "post_ffw_norm.weight", dim, 1);
            }
            case INSIDE -> {
                vector(p + "post_attention_norm.weight", dim, 1);
                vector(p + "post_ffw_norm.weight", dim, 1);
            }
            case AFTER -> {
                layerNorm(p + "attn_output_norm");
                layerNorm(p + "layer_output_norm");
            }
        }
    }

    private void layerNorm(String name) {
        vector(name + ".weight", dim, 1);
        vector(name + ".bias", dim, -0.1);
    }

    private void addMlp(String p, WeightFormat matrices) {
        if (family.isFused && !family.isEncoder) {
            add(p + "ffn_up.weight", matrices, 2 * hidden, dim, 1);
        } else {
            if (family.isGated) add(p + "ffn_gate.weight", matrices, hidden, dim, 1);
            add(p + "ffn_up.weight", matrices, hidden, dim, 1);
        }
        add(p + "ffn_down.weight", matrices, dim, hidden, 1);
        if (family.isEncoder && family.hasBiases) {
            vector(p + "attn_output.bias", dim, 0);
            vector(p + "ffn_up.bias", hidden, 0);
            vector(p + "ffn_down.bias", dim, 0);
        }
    }

    private void addExperts(String p, WeightFormat matrices) {
        WeightFormat down = expertHidden % matrices.blockSize() == 0 ? matrices : WeightFormats.ALL.make("q8_0");
        add(p + "ffn_gate_inp.weight", WeightFormats.ALL.make("f32"), family.experts, dim, 3);
        add(p + "ffn_gate_exps.weight", matrices, family.experts * expertHidden, dim, 1);
        add(p + "ffn_up_exps.weight", matrices, family.experts * expertHidden, dim, 1);
        add(p + "ffn_down_exps.weight", down, family.experts * dim, expertHidden, 1);
        if (family.hasSharedExpert) {
            add(p + "ffn_gate_inp_shexp.weight", WeightFormats.ALL.make("f32"), 1, dim, 3);
            add(p + "ffn_gate_shexp.weight", matrices, hidden, dim, 1);
            add(p + "ffn_up_shexp.weight", matrices, hidden, dim, 1);
            add(p + "ffn_down_shexp.weight", matrices, dim, hidden, 1);
        }
    }

    Metadata metadata() {
        Map<String, Object> m = new LinkedHashMap<>();
        String key = family.architecture() + ".";
        m.put("general.architecture", family.architecture());
        m.put(key + "block_count", (long) family.layers);
        m.put(key + "embedding_length", (long) dim);
        m.put(key + "attention.head_count", (long) HEADS);
        m.put(key + "attention.head_count_kv", (long) KV_HEADS);
        m.put(key + "attention.key_length", (long) HEAD_DIM);
        m.put(key + "feed_forward_length", (long) hidden);
        m.put(key + "context_length", family.stretch.equals("short") ? (long) ORIGINAL : CONTEXT);
        m.put(key + "vocab_size", (long) VOCABULARY);
        m.put(key + (family.isEncoder ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"), EPS);
        m.put(key + "rope.freq_base", family.base);
        if (family.rotaryDim != HEAD_DIM) m.put(key + "rope.dimension_count", (long) family.rotaryDim);
        describeStretch(key, m);
        if (family.window > 0) m.put(key + "attention.sliding_window", (long) family.window);
        if (family.architecture().equals("gemma3")) m.put(key + "attention.sliding_window_pattern", 2L);
        if (family.scoreCap != 0) m.put(key + "attn_logit_softcapping", family.scoreCap);
        if (family.logitCap != 0) m.put(key + "final_logit_softcapping", family.logitCap);
        if (family.architecture().equals("granite")) {
            m.put(key + "embedding_scale", family.embeddingScale);
            m.put(key + "residual_scale", family.residualScale);
            m.put(key + "attention.scale", family.scale);
            m.put(key + "logit_scale", 1 / family.logitScale);
        }
        if (family.experts > 0) {
            m.put(key + "expert_count", (long) family.experts);
            m.put(key + "expert_used_count", (long) family.expertsUsed);
            m.put(key + "expert_feed_forward_length", (long) expertHidden);
            m.put(key + "expert_weights_scale", family.expertScale);
            if (family.hasSharedExpert) m.put(key + "expert_shared_feed_forward_length", (long) hidden);
        }
        return new Metadata(m);
    }

    private void describeStretch(String key, Map<String, Object> m) {
        switch (family.stretch) {
            case "none", "freqs" -> {}
            case "long", "short" -> {
                m.put(key + "rope.scaling.type", "longrope");
                m.put(key + "rope.scaling.original_context_length", (long) ORIGINAL);
                m.put(key + "rope.scaling.attn_factor", 1.1);
            }
            case "llama3" -> {
                m.put(key + "rope.scaling.type", "llama3");
                m.put(key + "rope.scaling.factor", FACTOR);
                m.put(key + "rope.scaling.original_context_length", (long) ORIGINAL);
            }
            default -> {
                m.put(key + "rope.scaling.type", family.stretch);
                m.put(key + "rope.scaling.factor", FACTOR);
                if (family.stretch.equals("yarn")) {
                    m.put(key + "rope.scaling.original_context_length", (long) ORIGINAL);
                }
            }
        }
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
