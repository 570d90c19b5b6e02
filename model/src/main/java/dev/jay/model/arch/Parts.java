// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvAttention;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvStream;
import dev.jay.kv.Turning;
import dev.jay.model.Block;
import dev.jay.model.Experts;
import dev.jay.model.LayerAttention;
import dev.jay.model.ModelSpec;
import dev.jay.model.ModelSpec.Rotary;
import dev.jay.model.block.Activation;
import dev.jay.model.block.AttentionBlock;
import dev.jay.model.block.Embedding;
import dev.jay.model.block.ExpertMatrix;
import dev.jay.model.block.ExpertsBlock;
import dev.jay.model.block.GatedMlpBlock;
import dev.jay.model.block.LateRotation;
import dev.jay.model.block.LayerNorm;
import dev.jay.model.block.Linear;
import dev.jay.model.block.MlpBlock;
import dev.jay.model.block.Norm;
import dev.jay.model.block.PlacesBlock;
import dev.jay.model.block.Residual;
import dev.jay.model.block.RmsNorm;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Ops;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/** The parts that families are put together from, taken from a file's weights under the names GGUF gives them. */
final class Parts {
    /** Over what queries and keys are normed before they are turned. */
    enum HeadNorms {
        NONE,
        /** Each head by itself, all by the same gains. */
        EACH,
        /** All heads of a token together. */
        ALL
    }

    private final ModelSpec spec;
    private final Tensors tensors;
    private final Ops ops;
    private final List<KvRecipe> recipes;
    private final List<Rotary> rotaries;
    private final Map<Reading, KvAttention> attention = new HashMap<>();
    private final Map<Rotary, Turning> turnings = new HashMap<>(); // of keys that are kept unturned

    Parts(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        int streams = spec.kvShape().streams().size();
        if (recipes.size() != streams) {
            throw new IllegalArgumentException(
                    "kv recipes: wanted one for each layer: layers=" + streams + ", recipes=" + recipes.size());
        }
        this.tensors = new Tensors(weights, spec.architecture());
        this.ops = ops;
        this.recipes = List.copyOf(recipes);
        this.spec = spec.withAttention(a -> stretched(a, spec.contextLength()));
        this.rotaries = this.spec.attention().stream()
                .map(LayerAttention::rotary)
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    /** Files may carry a factor for each frequency, and another set for contexts beyond the original one. */
    private LayerAttention stretched(LayerAttention plain, int context) {
        Rotary rotary = plain.rotary();
        if (rotary == null) return plain;
        String name = "rope_freqs.weight";
        if (rotary.original() > 0) {
            name = context > rotary.original() ? "rope_factors_long.weight" : "rope_factors_short.weight";
            tensors.require(name);
        }
        if (!tensors.has(name)) return plain;
        return plain.withRotary(rotary.dividedBy(tensors.factors(name, rotary.dim() / 2)));
    }

    ModelSpec spec() {
        return spec;
    }

    /** The blocks of each layer. */
    List<List<Block>> layers(IntFunction<List<Block>> ofLayer) {
        List<List<Block>> layers = new ArrayList<>();
        for (int l = 0; l < spec.layers(); l++) layers.add(ofLayer.apply(l));
        return layers;
    }

    void require(String name) {
        tensors.require(name);
    }

    /** Attention of a layer as its spec says; with one matrix for queries, keys and values where the file has it so. */
    Block attention(int layer, Residual residual, HeadNorms norms) {
        String p = "blk." + layer + ".";
        int queries = spec.heads() * spec.headDim();
        int keys = spec.kvHeads() * spec.headDim();
        boolean isOne = tensors.has(p + "attn_qkv.weight");
        Linear qkv = new Linear(
                ops,
                isOne
                        ? cutQkv(layer, queries, keys)
                        : List.of(
                                tensors.part(layer, p + "attn_q", queries, spec.dim()),
                                tensors.part(layer, p + "attn_k", keys, spec.dim()),
                                tensors.part(layer, p + "attn_v", keys, spec.dim())));
        Linear out = new Linear(ops, List.of(tensors.part(layer, p + "attn_output", spec.dim(), queries)));
        KvRecipe recipe = spec.isEncoder() ? KvRecipe.LOSSLESS : recipes.get(layer);
        int window = spec.attention().get(layer).window();
        boolean selects = recipe.selection().isPresent();
        boolean evicts = recipe.eviction().isPresent();
        if ((evicts || selects || recipe.readsLessOfPrompts()) && window > 0) {
            throw new IllegalArgumentException("kv recipe '" + recipe + "': "
                    + (evicts ? "evict=" : selects ? "select=" : "prefill=")
                    + " needs layers that attend to all tokens before; layer " + layer
                    + " of this model has a window of " + window);
        }
        return new AttentionBlock(
                ops,
                spec,
                layer,
                rotaries.indexOf(spec.attention().get(layer).rotary()),
                residual,
                qkv,
                headNorm(layer, p + "attn_q_norm", norms, queries),
                headNorm(layer, p + "attn_k_norm", norms, keys),
                attention.computeIfAbsent(reading(layer, recipe), this::bindAttention),
                out);
    }

    private List<Linear.Part> cutQkv(int layer, int queries, int keys) {
        String p = "blk." + layer + ".";
        String whole = p + "attn_qkv";
        int rows = queries + 2 * keys;
        return List.of(
                tensors.part(layer, whole, rows, spec.dim(), p + "attn_q", 0, queries),
                tensors.part(layer, whole, rows, spec.dim(), p + "attn_k", queries, keys),
                tensors.part(layer, whole, rows, spec.dim(), p + "attn_v", queries + keys, keys));
    }

    private RmsNorm headNorm(int layer, String name, HeadNorms norms, int all) {
        return switch (norms) {
            case NONE -> null;
            case EACH -> norm(layer, name, spec.headDim());
            case ALL -> norm(layer, name, all);
        };
    }

    /** @param late how positions turn keys that are kept as they were before; null where they are not, or nothing turns */
    private record Reading(KvRecipe recipe, Rotary late) {
        // written out: what the compiler makes of a record is linked at its first call, milliseconds of every start
        @Override
        public boolean equals(Object o) {
            return o instanceof Reading other && recipe.equals(other.recipe) && Objects.equals(late, other.late);
        }

        @Override
        public int hashCode() {
            return 31 * recipe.hashCode() + Objects.hashCode(late);
        }
    }

    private Reading reading(int layer, KvRecipe recipe) {
        return new Reading(
                recipe,
                recipe.keys().wantsUnturned() ? spec.attention().get(layer).rotary() : null);
    }

    private KvAttention bindAttention(Reading reading) {
        KvStream stream = new KvStream(spec.kvHeads(), spec.headDim(), spec.headDim());
        Turning turning = reading.late == null
                ? null
                : turnings.computeIfAbsent(reading.late, rotary -> new LateRotation(rotary, spec.contextLength()));
        return new KvAttention(ops, reading.recipe, stream, spec.heads(), turning);
    }

    Block gatedMlp(int layer, Residual residual, Activation activation) {
        String p = "blk." + layer + ".";
        return gatedMlp(
                layer,
                residual,
                activation,
                List.of(
                        tensors.part(layer, p + "ffn_gate", spec.hidden(), spec.dim()),
                        tensors.part(layer, p + "ffn_up", spec.hidden(), spec.dim())));
    }

    /** Of a family whose files have gate and up in one matrix, the gate first. */
    Block gatedMlpInOne(int layer, Residual residual) {
        String p = "blk." + layer + ".";
        int h = spec.hidden();
        return gatedMlp(
                layer,
                residual,
                Activation.SILU,
                List.of(
                        tensors.part(layer, p + "ffn_up", 2 * h, spec.dim(), p + "ffn_gate", 0, h),
                        tensors.part(layer, p + "ffn_up", 2 * h, spec.dim(), p + "ffn_up", h, h)));
    }

    private Block gatedMlp(int layer, Residual residual, Activation activation, List<Linear.Part> gateUp) {
        Linear.Part down = tensors.part(layer, "blk." + layer + ".ffn_down", spec.dim(), spec.hidden());
        return new GatedMlpBlock(
                ops, spec, residual, activation, new Linear(ops, gateUp), new Linear(ops, List.of(down)));
    }

    /** Without a gate. */
    Block mlp(int layer, Residual residual) {
        String p = "blk." + layer + ".";
        return new MlpBlock(
                ops,
                spec,
                residual,
                new Linear(ops, List.of(tensors.part(layer, p + "ffn_up", spec.hidden(), spec.dim()))),
                new Linear(ops, List.of(tensors.part(layer, p + "ffn_down", spec.dim(), spec.hidden()))));
    }

    Block experts(int layer, Residual residual) {
        String p = "blk." + layer + ".";
        Experts e = spec.experts();
        Linear router = new Linear(ops, List.of(tensors.part(layer, p + "ffn_gate_inp", e.count(), spec.dim())));
        ExpertMatrix gate = expert(layer, p + "ffn_gate", e.hidden(), spec.dim());
        ExpertMatrix up = expert(layer, p + "ffn_up", e.hidden(), spec.dim());
        ExpertMatrix down = expert(layer, p + "ffn_down", spec.dim(), e.hidden());
        ExpertsBlock.Bank bank = new ExpertsBlock.Bank(
                List.of(gate, up, down),
                new Linear(
                        ops,
                        List.of(
                                new Linear.Part(p + "ffn_gate_exps", gate, null),
                                new Linear.Part(p + "ffn_up_exps", up, null))),
                new Linear(ops, List.of(new Linear.Part(p + "ffn_down_exps", down, null))));
        return new ExpertsBlock(ops, spec, residual, router, bank, e.sharedHidden() == 0 ? null : shared(layer));
    }

    /** In one tensor, or each in its own, as older files and those of other kinds have them. */
    private ExpertMatrix expert(int layer, String site, int rows, int cols) {
        int count = spec.experts().count();
        if (!tensors.has(site + ".0.weight")) {
            return ExpertMatrix.of(tensors.matrix(layer, site + "_exps.weight", (long) count * rows, cols), count);
        }
        List<Matrix> each = new ArrayList<>();
        for (int e = 0; e < count; e++) each.add(tensors.matrix(layer, site + "." + e + ".weight", rows, cols));
        return ExpertMatrix.of(each);
    }

    private ExpertsBlock.Shared shared(int layer) {
        String p = "blk." + layer + ".";
        int hidden = spec.experts().sharedHidden();
        return new ExpertsBlock.Shared(
                new Linear(ops, List.of(tensors.part(layer, p + "ffn_gate_inp_shexp", 1, spec.dim()))),
                new Linear(
                        ops,
                        List.of(
                                tensors.part(layer, p + "ffn_gate_shexp", hidden, spec.dim()),
                                tensors.part(layer, p + "ffn_up_shexp", hidden, spec.dim()))),
                new Linear(ops, List.of(tensors.part(layer, p + "ffn_down_shexp", spec.dim(), hidden))));
    }

    /** x + f(norm x), the norm of a layer by its name. */
    Residual normedBefore(int layer, String norm) {
        return Residual.of(ops, spec, norm(layer, norm));
    }

    /** x + norm(f(norm x)). */
    Residual normedOnBothSides(int layer, String before, String inner) {
        return new Residual(ops, spec, norm(layer, before), norm(layer, inner), null);
    }

    /** x + norm(f(x)). */
    Residual normedInside(int layer, String inner) {
        return new Residual(ops, spec, null, norm(layer, inner), null);
    }

    /** norm(x + f(x)), as encoders do. */
    Residual normedAfter(int layer, String after) {
        return new Residual(ops, spec, null, null, layerNorm(layer, "blk." + layer + "." + after));
    }

    private RmsNorm norm(int layer, String name) {
        return norm(layer, "blk." + layer + "." + name, spec.dim());
    }

    private RmsNorm norm(int layer, String name, int width) {
        return new RmsNorm(ops, tensors.vector(layer, name + ".weight", width), spec.normEps());
    }

    private Norm layerNorm(int layer, String name) {
        return new LayerNorm(
                ops,
                tensors.vector(layer, name + ".weight", spec.dim()),
                tensors.vector(layer, name + ".bias", spec.dim()),
                spec.normEps());
    }

    /** Puts a language model around its layers. Where a file has no head, its embedding serves as one. */
    Transformer decoder(List<List<Block>> layers) {
        Weights weights = tensors.weights();
        String head = tensors.has("output.weight") ? "output.weight" : "token_embd.weight";
        tensors.matrix(Weights.ROOT, head, spec.vocabulary(), spec.dim()); // its shape is right
        return new Transformer(
                spec,
                recipes,
                weights,
                embedding(),
                rotaries,
                List.of(),
                layers,
                norm(Weights.ROOT, "output_norm", spec.dim()),
                Head.of(
                        ops,
                        weights,
                        weights.head(head),
                        tensors.bias(Weights.ROOT, "output", spec.vocabulary()),
                        spec.scales()));
    }

    /** Puts embeddings, with their places where the family learns them, before its layers. */
    Transformer encoder(List<List<Block>> layers, boolean hasPlaces) {
        String kinds = "token_types.weight";
        int kindRows = tensors.has(kinds)
                ? tensors.weights().matrix(Weights.ROOT, kinds).rows()
                : 0;
        Block entry = new PlacesBlock(
                ops,
                spec,
                kindRows == 0 ? null : tensors.matrix(Weights.ROOT, kinds, kindRows, spec.dim()),
                hasPlaces
                        ? tensors.matrix(Weights.ROOT, "position_embd.weight", spec.contextLength(), spec.dim())
                        : null,
                layerNorm(Weights.ROOT, "token_embd_norm"));
        return new Transformer(
                spec, recipes, tensors.weights(), embedding(), rotaries, List.of(entry), layers, null, null);
    }

    private Embedding embedding() {
        Matrix rows = tensors.matrix(Weights.ROOT, "token_embd.weight", spec.vocabulary(), spec.dim());
        return new Embedding(ops, rows, spec.scales().embedding());
    }
}
