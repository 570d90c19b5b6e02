// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Gemma 3, text. */
final class HfGemma3 extends HfGemma2 {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("gemma3_text", "Gemma 3, text", args -> new HfGemma3());

    @Override
    public String architecture() {
        return "gemma3";
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        attention(config, keys);
        if (config.has("sliding_window_pattern") && !config.has("layer_types")) {
            keys.put("attention.sliding_window_pattern", config.whole("sliding_window_pattern"));
        }
        keys.put("rope.freq_base_swa", config.real("rope_local_base_freq", 10_000));
    }
}
