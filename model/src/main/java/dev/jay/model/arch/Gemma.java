// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.Scales;
import dev.jay.model.block.Activation;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** Gemma: a GELU in the MLP, and embeddings scaled by the root of their width. Its files have 1 added to every norm's gain. */
final class Gemma implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>("gemma", "Gemma 1", args -> new Gemma());

    @Override
    public String name() {
        return "gemma";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        return scaled(new SpecReader(metadata, name()).read(false));
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.NONE),
                parts.gatedMlp(l, parts.normedBefore(l, "ffn_norm"), Activation.GELU))));
    }

    /** Embeddings are as large as a row of them is wide. */
    static ModelSpec scaled(ModelSpec spec) {
        return spec.withScales(new Scales((float) Math.sqrt(spec.dim()), 1, 1, 0));
    }
}
