// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Qwen 3 with experts. */
final class HfQwen3Moe implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("qwen3_moe", "Qwen 3 with experts", args -> new HfQwen3Moe());

    @Override
    public String architecture() {
        return "qwen3moe";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "mlp.gate", "blk.ffn_gate_inp",
                "mlp.experts.gate_proj", "blk.ffn_gate",
                "mlp.experts.up_proj", "blk.ffn_up",
                "mlp.experts.down_proj", "blk.ffn_down"));
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.stayWithinWindow(config, keys);
        HfDecoder.experts(config, keys, "num_experts", "moe_intermediate_size");
    }
}
