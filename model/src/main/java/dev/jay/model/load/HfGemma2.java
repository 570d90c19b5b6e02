// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;
import java.util.Set;

/** Gemma 2, and what Gemma 3 has of it: norms on both sides of a part, windows, a scale of its own. */
class HfGemma2 extends HfGemma {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("gemma2", "Gemma 2", args -> new HfGemma2());

    @Override
    public String architecture() {
        return "gemma2";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "post_attention_layernorm", "blk.post_attention_norm",
                "pre_feedforward_layernorm", "blk.ffn_norm",
                "post_feedforward_layernorm", "blk.post_ffw_norm"));
    }

    @Override
    public Set<String> activations() {
        return Set.of("gelu_pytorch_tanh");
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        attention(config, keys);
        if (config.has("attn_logit_softcapping"))
            keys.put("attn_logit_softcapping", config.real("attn_logit_softcapping"));
        if (config.has("final_logit_softcapping"))
            keys.put("final_logit_softcapping", config.real("final_logit_softcapping"));
    }

    static void attention(HfConfig config, Map<String, Object> keys) {
        HfDecoder.window(config, keys);
        if (config.has("query_pre_attn_scalar")) {
            keys.put("attention.scale", 1 / Math.sqrt(config.real("query_pre_attn_scalar")));
        }
    }
}
