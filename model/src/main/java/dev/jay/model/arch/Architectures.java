// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.tensor.Catalog;

/** Every model family. To add one: write its file, add its line. */
public final class Architectures {
    public static final Catalog<Architecture> ALL = Catalog.of("architecture", Llama.ENTRY, Qwen2.ENTRY, Qwen3.ENTRY);

    private Architectures() {}

    /** The family that a model file names. */
    public static Architecture of(Metadata metadata) {
        String name = metadata.text("general.architecture");
        if (!ALL.has(name)) {
            throw new MalformedModelException("unknown architecture: general.architecture="
                    + MalformedModelException.shown(name) + ", known=" + ALL.names());
        }
        return ALL.make(name);
    }
}
