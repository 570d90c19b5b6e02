// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.block.Activation;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** Qwen 2: as Llama, but queries, keys and values have a bias, and rotary pairs are (i, i + half). */
final class Qwen2 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY =
            new Catalog.Entry<>("qwen2", "Qwen 2 and 2.5, dense", args -> new Qwen2());

    @Override
    public String name() {
        return "qwen2";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        return new SpecReader(metadata, name()).read(false);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        for (int l = 0; l < spec.layers(); l++) {
            for (String name : List.of("attn_q", "attn_k", "attn_v")) parts.require("blk." + l + "." + name + ".bias");
        }
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.NONE),
                parts.gatedMlp(l, parts.normedBefore(l, "ffn_norm"), Activation.SILU))));
    }
}
