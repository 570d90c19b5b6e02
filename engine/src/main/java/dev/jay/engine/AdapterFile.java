// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.nio.file.Path;

/**
 * Low-rank adapters to open a model with.
 *
 * @param name  what they are called
 * @param path  a GGUF adapter, or a folder of PEFT's
 * @param scale at which requests run with them that name none; 1 is as they were trained
 */
public record AdapterFile(String name, Path path, double scale) {
    /** As trained, and called what their file or folder is. */
    public static AdapterFile of(Path path) {
        String file = String.valueOf(path.toAbsolutePath().normalize().getFileName());
        return new AdapterFile(file.replaceFirst("\\.(gguf|safetensors)$", ""), path, 1);
    }
}
