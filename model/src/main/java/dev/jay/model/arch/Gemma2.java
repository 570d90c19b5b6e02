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

/** Gemma 2: norms before and after each part, every other layer with a window, caps on scores and logits. */
final class Gemma2 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>("gemma2", "Gemma 2", args -> new Gemma2());

    @Override
    public String name() {
        return "gemma2";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        SpecReader in = new SpecReader(metadata, name());
        ModelSpec spec = Gemma.scaled(in.read(false));
        return in.attentionScale(in.softCaps(in.windows(scaledByModel(spec, 46), 4096, 2, 0)));
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(
                        l, parts.normedOnBothSides(l, "attn_norm", "post_attention_norm"), Parts.HeadNorms.NONE),
                parts.gatedMlp(l, parts.normedOnBothSides(l, "ffn_norm", "post_ffw_norm"), Activation.GELU))));
    }

    /** The largest of a generation divides by the root of its width for each head, the others by that of a head's. */
    static ModelSpec scaledByModel(ModelSpec spec, int layersOfLargest) {
        if (spec.layers() != layersOfLargest) return spec;
        float scale = (float) (1 / Math.sqrt((double) spec.dim() / spec.heads()));
        return spec.withAttention(a -> a.withScale(scale));
    }
}
