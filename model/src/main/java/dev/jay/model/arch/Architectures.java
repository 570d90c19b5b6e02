// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.tensor.Catalog;

/** Every model family. To add one: write its file, add its line. */
public final class Architectures {
    public static final Catalog<Architecture> ALL = Catalog.of(
            "architecture",
            Llama.ENTRY,
            Qwen2.ENTRY,
            Qwen2Moe.ENTRY,
            Qwen3.ENTRY,
            Qwen3Moe.ENTRY,
            Gemma.ENTRY,
            Gemma2.ENTRY,
            Gemma3.ENTRY,
            Phi3.ENTRY,
            SmolLm3.ENTRY,
            Granite.ENTRY,
            Olmo2.ENTRY,
            Bert.ENTRY,
            NomicBert.ENTRY);

    private Architectures() {}

    /** The family that a model file names. */
    public static Architecture of(Metadata metadata) {
        String name = metadata.optionalText("general.architecture")
                .orElseThrow(
                        () -> new MalformedModelException("the model does not say its architecture: it lacks the key"
                                + " 'general.architecture', or, where it is safetensors, a config.json beside it"));
        if (!ALL.has(name)) {
            throw new MalformedModelException("unknown architecture: general.architecture="
                    + MalformedModelException.shown(name) + ", known=" + ALL.names());
        }
        return ALL.make(name);
    }
}
