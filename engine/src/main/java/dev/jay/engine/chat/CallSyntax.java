// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

/** How a family of models writes calls of tools. */
public interface CallSyntax {
    /** Whether a chat template writes calls, or tells of them, in this way. */
    boolean isIn(String template);

    CallText text();

    /** Whether its templates know nothing of tools, which are then told in words. */
    default boolean isPlain() {
        return false;
    }
}
