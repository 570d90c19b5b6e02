// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.List;
import java.util.Optional;

/** What stands around a model's thinking, before what it says. */
public record ReasoningMarks(String open, String close) {
    /** Those in use: the first that a template knows is taken. */
    static final List<ReasoningMarks> ALL = List.of(
            new ReasoningMarks("<think>", "</think>"), // DeepSeek, Qwen, SmolLM, Granite
            new ReasoningMarks("[THINK]", "[/THINK]"), // Magistral
            new ReasoningMarks("<|START_THINKING|>", "<|END_THINKING|>"), // Command
            new ReasoningMarks("<seed:think>", "</seed:think>") // Seed
            );

    /** @param template a chat template's source */
    public static Optional<ReasoningMarks> of(String template) {
        return ALL.stream().filter(m -> template.contains(m.close)).findFirst();
    }
}
