// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Qwen 2 with experts, one of them shared. */
final class HfQwen2Moe implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("qwen2_moe", "Qwen 1.5 and 2 with experts", args -> new HfQwen2Moe());

    @Override
    public String architecture() {
        return "qwen2moe";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "mlp.gate", "blk.ffn_gate_inp",
                "mlp.experts.gate_proj", "blk.ffn_gate",
                "mlp.experts.up_proj", "blk.ffn_up",
                "mlp.experts.down_proj", "blk.ffn_down",
                "mlp.shared_expert_gate", "blk.ffn_gate_inp_shexp",
                "mlp.shared_expert.gate_proj", "blk.ffn_gate_shexp",
                "mlp.shared_expert.up_proj", "blk.ffn_up_shexp",
                "mlp.shared_expert.down_proj", "blk.ffn_down_shexp"));
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.stayWithinWindow(config, keys);
        HfDecoder.experts(config, keys, "num_experts", "moe_intermediate_size");
        keys.put("expert_shared_feed_forward_length", config.whole("shared_expert_intermediate_size"));
    }
}
