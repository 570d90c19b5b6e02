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

/** Llama and Mistral: grouped-query attention, gated MLP; where the file says so, windows, or experts in place of the MLP
 * (Mixtral). Its files order rotary pairs (2i, 2i + 1). */
final class Llama implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>(
            "llama",
            "Llama 2 and 3, Mistral, Mixtral, and models laid out like them (SmolLM, TinyLlama)",
            args -> new Llama());

    @Override
    public String name() {
        return "llama";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        SpecReader in = new SpecReader(metadata, name());
        ModelSpec spec = in.windows(in.read(true), 0, 0, 0);
        return in.hasExperts() ? in.experts(spec, true, false) : spec;
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.NONE),
                spec.experts().count() > 0
                        ? parts.experts(l, parts.normedBefore(l, "ffn_norm"))
                        : parts.gatedMlp(l, parts.normedBefore(l, "ffn_norm"), Activation.SILU))));
    }
}
