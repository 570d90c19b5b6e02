// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Mixtral, which GGUF files call llama. */
final class HfMixtral implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("mixtral", "Mixtral", args -> new HfMixtral());

    @Override
    public String architecture() {
        return "llama";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "block_sparse_moe.gate", "blk.ffn_gate_inp",
                "block_sparse_moe.experts.w1", "blk.ffn_gate",
                "block_sparse_moe.experts.w3", "blk.ffn_up",
                "block_sparse_moe.experts.w2", "blk.ffn_down"));
    }

    @Override
    public boolean pairsSideBySide() {
        return true;
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.window(config, keys);
        HfDecoder.experts(config, keys, "num_local_experts", "intermediate_size");
    }
}
