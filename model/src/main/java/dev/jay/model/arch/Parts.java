// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvAttention;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.Mask;
import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.block.AttentionBlock;
import dev.jay.model.block.Embedding;
import dev.jay.model.block.GatedMlpBlock;
import dev.jay.model.block.Linear;
import dev.jay.model.block.RmsNorm;
import dev.jay.model.block.Vector;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The parts that families are put together from, taken from a file's weights under the names GGUF gives them. Every shape
 * is held against the spec before anything uses it.
 */
final class Parts {
    private final ModelSpec spec;
    private final Weights weights;
    private final Ops ops;
    private final List<KvRecipe> recipes;
    private final Map<KvRecipe, KvAttention> attention = new HashMap<>();

    Parts(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        if (recipes.size() != spec.layers()) {
            throw new IllegalArgumentException(
                    "kv recipes: wanted one for each layer: layers=" + spec.layers() + ", recipes=" + recipes.size());
        }
        this.weights = weights;
        this.ops = ops;
        this.recipes = List.copyOf(recipes);
        this.spec = withFactors(spec);
    }

    /** Files may carry a factor for each frequency; they multiply those of the spec. */
    private ModelSpec withFactors(ModelSpec s) {
        String name = "rope_freqs.weight";
        if (!weights.has(name)) return s;
        ModelSpec.Rotary r = s.rotary();
        weights.hold(Weights.ROOT);
        try {
            MemorySegment bytes = vector(Weights.ROOT, name, r.dim() / 2).f32();
            float[] factors = new float[r.dim() / 2];
            for (int i = 0; i < factors.length; i++) {
                float v = Floats.get(bytes, i);
                if (!(v > 0 && v < Float.POSITIVE_INFINITY)) {
                    throw new MalformedModelException(
                            "tensor " + name + "[" + i + "]=" + v + ", allowed: positive and finite");
                }
                factors[i] = r.factors().length == 0 ? v : v * r.factors()[i];
            }
            return s.withRotary(new ModelSpec.Rotary(r.dim(), r.base(), r.interleaved(), factors));
        } finally {
            weights.release(Weights.ROOT);
        }
    }

    /** Attention of a layer over all earlier tokens, its queries and keys normed head by head if {@code headNorms}. */
    Block attention(int layer, boolean headNorms) {
        String p = "blk." + layer + ".";
        int queries = spec.heads() * spec.headDim();
        int keys = spec.kvHeads() * spec.headDim();
        Linear qkv = new Linear(
                ops,
                List.of(
                        part(layer, p + "attn_q", queries, spec.dim()),
                        part(layer, p + "attn_k", keys, spec.dim()),
                        part(layer, p + "attn_v", keys, spec.dim())));
        Linear out = new Linear(ops, List.of(part(layer, p + "attn_output", spec.dim(), queries)));
        return new AttentionBlock(
                ops,
                spec,
                layer,
                Mask.CAUSAL,
                norm(layer, p + "attn_norm", spec.dim()),
                qkv,
                headNorms ? norm(layer, p + "attn_q_norm", spec.headDim()) : null,
                headNorms ? norm(layer, p + "attn_k_norm", spec.headDim()) : null,
                attention.computeIfAbsent(recipes.get(layer), this::bindAttention),
                out);
    }

    private KvAttention bindAttention(KvRecipe recipe) {
        return new KvAttention(ops, recipe, new KvStream(spec.kvHeads(), spec.headDim(), spec.headDim()), spec.heads());
    }

    Block gatedMlp(int layer) {
        String p = "blk." + layer + ".";
        Linear gateUp = new Linear(
                ops,
                List.of(
                        part(layer, p + "ffn_gate", spec.hidden(), spec.dim()),
                        part(layer, p + "ffn_up", spec.hidden(), spec.dim())));
        Linear down = new Linear(ops, List.of(part(layer, p + "ffn_down", spec.dim(), spec.hidden())));
        return new GatedMlpBlock(ops, spec, norm(layer, p + "ffn_norm", spec.dim()), gateUp, down);
    }

    /** Puts a language model around its layers. Where a file has no head, its embedding serves as one. */
    Transformer transformer(List<List<Block>> layers) {
        Matrix embedding = matrix(Weights.ROOT, "token_embd.weight", spec.vocabulary(), spec.dim());
        String head = weights.has("output.weight") ? "output.weight" : "token_embd.weight";
        matrix(Weights.ROOT, head, spec.vocabulary(), spec.dim()); // its shape is right
        return new Transformer(
                spec,
                recipes,
                weights,
                new Embedding(ops, embedding),
                layers,
                norm(Weights.ROOT, "output_norm", spec.dim()),
                Head.of(ops, weights, weights.head(head), bias(Weights.ROOT, "output", spec.vocabulary())));
    }

    /** Fails if the file lacks a tensor that the family cannot be without. */
    void require(String name) {
        if (!weights.has(name)) {
            throw new MalformedModelException(
                    "model file lacks the tensor " + name + ", which " + spec.architecture() + " needs");
        }
    }

    private RmsNorm norm(int layer, String name, int width) {
        return new RmsNorm(ops, vector(layer, name + ".weight", width), spec.normEps());
    }

    private Linear.Part part(int layer, String site, int rows, int cols) {
        Matrix weight = matrix(layer, site + ".weight", rows, cols);
        return new Linear.Part(site, weight, bias(layer, site, rows));
    }

    private Vector bias(int layer, String site, int rows) {
        String bias = site + ".bias";
        return weights.has(bias) ? vector(layer, bias, rows) : null;
    }

    private Vector vector(int layer, String name, int width) {
        Matrix m = matrix(layer, name, 1, width);
        if (!m.format().name().equals("f32")) {
            throw new MalformedModelException(
                    "tensor " + name + ": wanted format=f32, got " + m.format().name());
        }
        return new Vector(m);
    }

    private Matrix matrix(int layer, String name, int rows, int cols) {
        require(name);
        Matrix m = weights.matrix(layer, name);
        if (m.rows() != rows || m.cols() != cols) {
            throw new MalformedModelException("tensor " + name + ": wanted rows=" + rows + ", cols=" + cols
                    + ", got rows=" + m.rows() + ", cols=" + m.cols());
        }
        return m;
    }
}
