// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.Objects;

/** One message of a conversation. The role is the chat template's business: most know system, user and assistant. */
public record Message(String role, String content) {
    public Message {
        Objects.requireNonNull(role, "message: role");
        Objects.requireNonNull(content, "message: content");
    }

    public static Message system(String content) {
        return new Message("system", content);
    }

    public static Message user(String content) {
        return new Message("user", content);
    }

    public static Message assistant(String content) {
        return new Message("assistant", content);
    }
}
