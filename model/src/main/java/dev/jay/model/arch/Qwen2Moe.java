// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** Qwen 2 with experts: their weights are not normed, and every token uses one more expert behind a gate. */
final class Qwen2Moe implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY =
            new Catalog.Entry<>("qwen2moe", "Qwen 1.5 and 2 with experts", args -> new Qwen2Moe());

    @Override
    public String name() {
        return "qwen2moe";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        SpecReader in = new SpecReader(metadata, name());
        return in.experts(in.read(false), false, true);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        for (int l = 0; l < spec.layers(); l++) {
            for (String name : List.of("attn_q", "attn_k", "attn_v")) parts.require("blk." + l + "." + name + ".bias");
        }
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.NONE),
                parts.experts(l, parts.normedBefore(l, "ffn_norm")))));
    }
}
