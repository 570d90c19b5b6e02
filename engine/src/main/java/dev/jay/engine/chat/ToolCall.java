// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.Objects;

/**
 * A call that a model asks for.
 *
 * @param id        what its result is told under
 * @param arguments a JSON object
 */
public record ToolCall(String id, String name, String arguments) {
    public ToolCall {
        Objects.requireNonNull(id, "tool call: id");
        Objects.requireNonNull(name, "tool call: name");
        Objects.requireNonNull(arguments, "tool call: arguments");
    }
}
