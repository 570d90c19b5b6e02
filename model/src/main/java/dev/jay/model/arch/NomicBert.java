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

/** Nomic BERT: an encoder whose positions turn queries and keys, with a gated MLP. */
final class NomicBert implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY =
            new Catalog.Entry<>("nomic-bert", "Nomic Embed; gives embeddings only", args -> new NomicBert());

    @Override
    public String name() {
        return "nomic-bert";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        return new SpecReader(metadata, name()).readEncoder();
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.encoder(
                parts.layers(l -> List.of(
                        parts.attention(l, parts.normedAfter(l, "attn_output_norm"), Parts.HeadNorms.NONE),
                        parts.gatedMlp(l, parts.normedAfter(l, "layer_output_norm"), Activation.SILU))),
                false);
    }
}
