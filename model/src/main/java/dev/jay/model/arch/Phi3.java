// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** Phi 3: queries, keys and values in one matrix, gate and up in another; stretched by short and long factors. */
final class Phi3 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY =
            new Catalog.Entry<>("phi3", "Phi 3 and 3.5 mini and medium, Phi 4 mini", args -> new Phi3());

    @Override
    public String name() {
        return "phi3";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        SpecReader in = new SpecReader(metadata, name());
        return in.windows(in.read(false), 0, 0, 0);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.NONE),
                parts.gatedMlpInOne(l, parts.normedBefore(l, "ffn_norm")))));
    }
}
