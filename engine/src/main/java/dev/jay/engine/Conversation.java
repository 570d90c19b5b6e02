// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.chat.Tool;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What a chat template writes out.
 *
 * @param tools what the model may ask to be called
 * @param names more names that a template may know: {@code enable_thinking}, {@code reasoning_effort}
 */
public record Conversation(List<Message> messages, List<Tool> tools, Map<String, Object> names) {
    public Conversation {
        messages = List.copyOf(messages);
        tools = List.copyOf(tools);
        names = Map.copyOf(names);
    }

    public static Conversation of(List<Message> messages) {
        return new Conversation(messages, List.of(), Map.of());
    }

    /** Whether nothing but messages of text is in it. */
    boolean isPlain() {
        return tools.isEmpty()
                && names.isEmpty()
                && messages.stream().allMatch(m -> m.calls().isEmpty());
    }

    /** With each text that somebody wrote changed; names of tools hold no text. */
    Conversation map(UnaryOperator<String> change) {
        return new Conversation(
                messages.stream().map(m -> m.map(change)).toList(),
                tools.stream()
                        .map(t -> new Tool(t.name(), change.apply(t.description()), change.apply(t.parameters())))
                        .toList(),
                names);
    }
}
