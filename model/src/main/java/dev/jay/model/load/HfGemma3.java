// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;
import java.util.Set;

/** Gemma 3, text. */
final class HfGemma3 implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("gemma3_text", "Gemma 3, text", args -> new HfGemma3());

    @Override
    public String architecture() {
        return "gemma3";
    }

    @Override
    public Map<String, String> names() {
        return HfNames.decoderAnd(Map.of(
                "post_attention_layernorm", "blk.post_attention_norm",
                "pre_feedforward_layernorm", "blk.ffn_norm",
                "post_feedforward_layernorm", "blk.post_ffw_norm"));
    }

    @Override
    public boolean sharesHead() {
        return true;
    }

    /** Files here keep gains less one. */
    @Override
    public float addedTo(String name) {
        return name.endsWith("norm.weight") ? 1 : 0;
    }

    @Override
    public Set<String> activations() {
        return Set.of("gelu_pytorch_tanh");
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.window(config, keys);
        if (config.has("query_pre_attn_scalar")) {
            keys.put("attention.scale", 1 / Math.sqrt(config.real("query_pre_attn_scalar")));
        }
        if (config.has("sliding_window_pattern") && !config.has("layer_types")) {
            keys.put("attention.sliding_window_pattern", config.whole("sliding_window_pattern"));
        }
        keys.put("rope.freq_base_swa", config.real("rope_local_base_freq", 10_000));
    }
}
