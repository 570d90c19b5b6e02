// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Phi 3: queries, keys and values in one matrix, gate and up in another. */
final class HfPhi3 implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("phi3", "Phi 3 and 4 mini", args -> new HfPhi3());

    @Override
    public String architecture() {
        return "phi3";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "self_attn.qkv_proj", "blk.attn_qkv",
                "mlp.gate_up_proj", "blk.ffn_up"));
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.window(config, keys);
    }
}
