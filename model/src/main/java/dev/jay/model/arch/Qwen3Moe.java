// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** Qwen 3 with experts in place of the MLP, their weights normed. */
final class Qwen3Moe implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY =
            new Catalog.Entry<>("qwen3moe", "Qwen 3 with experts", args -> new Qwen3Moe());

    @Override
    public String name() {
        return "qwen3moe";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        SpecReader in = new SpecReader(metadata, name());
        return in.experts(in.read(false), true, false);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.EACH),
                parts.experts(l, parts.normedBefore(l, "ffn_norm")))));
    }
}
