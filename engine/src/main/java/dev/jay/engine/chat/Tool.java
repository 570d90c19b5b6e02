// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.Objects;

/**
 * A function that a model may ask to be called.
 *
 * @param name        letters, digits, underscores, hyphens and dots
 * @param description for the model
 * @param parameters  a JSON schema of the object of its arguments
 */
public record Tool(String name, String description, String parameters) {
    /** What a function without parameters takes. */
    public static final String NO_PARAMETERS = "{\"type\":\"object\",\"properties\":{}}";

    private static final int LONGEST_NAME = 256;

    public Tool {
        Objects.requireNonNull(description, "tool: description");
        Objects.requireNonNull(parameters, "tool: parameters");
        if (name.length() > LONGEST_NAME || !name.matches("[a-zA-Z0-9_.-]+")) {
            throw new IllegalArgumentException("tool: a name has 1 to " + LONGEST_NAME
                    + " characters: letters, digits, underscores, hyphens, dots");
        }
    }
}
