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

/** OLMo 2: parts are normed where they end and not where they begin; queries and keys are normed over all heads together. */
final class Olmo2 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>("olmo2", "OLMo 2", args -> new Olmo2());

    @Override
    public String name() {
        return "olmo2";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        return new SpecReader(metadata, name()).read(false);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedInside(l, "post_attention_norm"), Parts.HeadNorms.ALL),
                parts.gatedMlp(l, parts.normedInside(l, "post_ffw_norm"), Activation.SILU))));
    }
}
