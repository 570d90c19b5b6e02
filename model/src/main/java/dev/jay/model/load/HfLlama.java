// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;
import java.util.Map;

/** Llama, and Mistral, which GGUF files call llama too. */
final class HfLlama implements HfFamily {
    static final Catalog.Entry<HfFamily> ENTRY =
            new Catalog.Entry<>("llama", "Llama 2 and 3 and models laid out like them", args -> new HfLlama());
    static final Catalog.Entry<HfFamily> MISTRAL = new Catalog.Entry<>("mistral", "Mistral", args -> new HfLlama());

    @Override
    public String architecture() {
        return "llama";
    }

    @Override
    public boolean pairsSideBySide() {
        return true;
    }

    @Override
    public void describe(HfConfig config, Map<String, Object> keys) {
        HfDecoder.window(config, keys);
    }
}
