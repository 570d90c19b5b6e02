// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.ArrayList;
import java.util.List;

/** Llama: grouped-query attention, gated MLP. Its files order rotary pairs (2i, 2i + 1). */
final class Llama implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>(
            "llama", "Llama 2 and 3, and models laid out like them (Mistral, SmolLM, TinyLlama)", args -> new Llama());

    @Override
    public String name() {
        return "llama";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        return new SpecReader(metadata, name()).read(true);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        List<List<Block>> layers = new ArrayList<>();
        for (int l = 0; l < spec.layers(); l++) {
            layers.add(List.of(parts.attention(l, false), parts.gatedMlp(l)));
        }
        return parts.transformer(layers);
    }
}
