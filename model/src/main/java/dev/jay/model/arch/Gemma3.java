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

/** Gemma 3: as Gemma 2 without caps; heads are normed, five layers of six have a window and turn by a base of their own. */
final class Gemma3 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY =
            new Catalog.Entry<>("gemma3", "Gemma 3, text", args -> new Gemma3());

    @Override
    public String name() {
        return "gemma3";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        SpecReader in = new SpecReader(metadata, name());
        ModelSpec spec = Gemma2.scaledByModel(Gemma.scaled(in.read(false)), 62);
        return in.attentionScale(in.softCaps(in.windows(spec, 0, 6, 10_000)));
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(
                        l, parts.normedOnBothSides(l, "attn_norm", "post_attention_norm"), Parts.HeadNorms.EACH),
                parts.gatedMlp(l, parts.normedOnBothSides(l, "ffn_norm", "post_ffw_norm"), Activation.GELU))));
    }
}
