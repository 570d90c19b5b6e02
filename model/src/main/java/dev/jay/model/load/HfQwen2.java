// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Qwen 2 and 2.5, dense. */
final class HfQwen2 implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("qwen2", "Qwen 2 and 2.5, dense", args -> new HfQwen2());

    @Override
    public String architecture() {
        return "qwen2";
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.stayWithinWindow(config, keys);
    }
}
