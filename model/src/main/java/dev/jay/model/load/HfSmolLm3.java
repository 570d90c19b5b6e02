// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.List;
import java.util.Map;

/** SmolLM 3: in every fourth layer positions turn nothing. */
final class HfSmolLm3 implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("smollm3", "SmolLM 3", args -> new HfSmolLm3());

    @Override
    public String architecture() {
        return "smollm3";
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
        if (config.whole("no_rope_layer_interval", 4) != 4) throw config.wrong("no_rope_layer_interval", "is not 4");
        if (!config.has("no_rope_layers")) return;
        List<Double> turned = config.reals("no_rope_layers");
        for (int l = 0; l < turned.size(); l++) {
            if (turned.get(l) != ((l + 1) % 4 == 0 ? 0 : 1))
                throw config.wrong("no_rope_layers", "is not every fourth");
        }
    }
}
