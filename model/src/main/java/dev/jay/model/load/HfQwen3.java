// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Qwen 3, dense. */
final class HfQwen3 implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY = new Catalog.Entry<>("qwen3", "Qwen 3, dense", args -> new HfQwen3());

    @Override
    public String architecture() {
        return "qwen3";
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.stayWithinWindow(config, keys);
    }
}
