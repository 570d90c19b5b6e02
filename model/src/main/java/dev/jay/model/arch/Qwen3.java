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

/** Qwen 3: heads have a width of their own and are normed before they are turned; rotary pairs are (i, i + half). */
final class Qwen3 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>("qwen3", "Qwen 3, dense", args -> new Qwen3());

    @Override
    public String name() {
        return "qwen3";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        return new SpecReader(metadata, name()).read(false);
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.EACH),
                parts.gatedMlp(l, parts.normedBefore(l, "ffn_norm"), Activation.SILU))));
    }
}
