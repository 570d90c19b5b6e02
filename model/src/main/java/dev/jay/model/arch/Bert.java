// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Weights;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Ops;
import java.util.List;

/** BERT: an encoder with learnt places, norms after each part, a GELU in its MLP, and biases everywhere. */
final class Bert implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>(
            "bert", "BERT encoders: MiniLM, BGE, E5 and their kin; gives embeddings only", args -> new Bert());

    @Override
    public String name() {
        return "bert";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        ModelSpec spec = new SpecReader(metadata, name()).readEncoder();
        return spec.withAttention(a -> a.withRotary(null));
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.encoder(
                parts.layers(l -> List.of(
                        parts.attention(l, parts.normedAfter(l, "attn_output_norm"), Parts.HeadNorms.NONE),
                        parts.mlp(l, parts.normedAfter(l, "layer_output_norm")))),
                true);
    }
}
