// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Catalog;

/** Every family that is read from safetensors, by {@code model_type}. To add one: write its file, add its line. */
final class HfFamilies {
    static final Catalog<HfFamily> ALL = Catalog.of(
            "model_type",
            HfLlama.ENTRY,
            HfLlama.MISTRAL,
            HfMixtral.ENTRY,
            HfQwen2.ENTRY,
            HfQwen2Moe.ENTRY,
            HfQwen3.ENTRY,
            HfQwen3Moe.ENTRY,
            HfGemma.ENTRY,
            HfGemma2.ENTRY,
            HfGemma3.ENTRY,
            HfPhi3.ENTRY,
            HfSmolLm3.ENTRY,
            HfGranite.ENTRY,
            HfOlmo2.ENTRY,
            HfBert.ENTRY,
            HfNomicBert.ENTRY);

    private HfFamilies() {}

    static HfFamily of(HfConfig config) {
        String type = config.text("model_type");
        if (ALL.has(type)) return ALL.make(type);
        throw config.wrong(
                "model_type", "is not read from safetensors (a GGUF file of it may be), known=" + ALL.names());
    }
}
