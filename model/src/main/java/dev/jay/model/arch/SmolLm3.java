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
import java.util.stream.IntStream;

/** SmolLM 3: as Llama, but in every fourth layer positions turn nothing. */
final class SmolLm3 implements Architecture {
    static final Catalog.Entry<Architecture> ENTRY = new Catalog.Entry<>("smollm3", "SmolLM 3", args -> new SmolLm3());

    @Override
    public String name() {
        return "smollm3";
    }

    @Override
    public ModelSpec spec(Metadata metadata) {
        ModelSpec spec = new SpecReader(metadata, name()).read(true);
        return spec.withAttention(IntStream.range(0, spec.layers())
                .mapToObj(l -> (l + 1) % 4 == 0
                        ? spec.attention().get(l).withRotary(null)
                        : spec.attention().get(l))
                .toList());
    }

    @Override
    public Transformer build(ModelSpec spec, Weights weights, Ops ops, List<KvRecipe> recipes) {
        Parts parts = new Parts(spec, weights, ops, recipes);
        return parts.decoder(parts.layers(l -> List.of(
                parts.attention(l, parts.normedBefore(l, "attn_norm"), Parts.HeadNorms.NONE),
                parts.gatedMlp(l, parts.normedBefore(l, "ffn_norm"), Activation.SILU))));
    }
}
