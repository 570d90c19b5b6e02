// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Granite: a Llama with fixed factors between its parts. */
final class HfGranite implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("granite", "Granite 3 and 4, dense", args -> new HfGranite());

    @Override
    public String architecture() {
        return "granite";
    }

    @Override
    public boolean pairsSideBySide() {
        return true;
    }

    @Override
    public boolean sharesHead() {
        return true;
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        keys.put("embedding_scale", config.real("embedding_multiplier", 1));
        keys.put("residual_scale", config.real("residual_multiplier", 1));
        keys.put("attention.scale", config.real("attention_multiplier", 1));
        keys.put("logit_scale", config.real("logits_scaling", 1));
    }
}
