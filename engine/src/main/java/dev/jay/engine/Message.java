// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.chat.ToolCall;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * One message of a conversation. The role is the chat template's business: most know system, user, assistant and tool.
 *
 * @param calls     what an assistant asked for
 * @param callId    of a tool's message: the call that it answers; else empty
 * @param reasoning what an assistant thought before it spoke; empty where it did not, or it is not told
 */
public record Message(String role, String content, List<ToolCall> calls, String callId, String reasoning) {
    public Message {
        Objects.requireNonNull(role, "message: role");
        Objects.requireNonNull(content, "message: content");
        calls = List.copyOf(calls);
        Objects.requireNonNull(callId, "message: callId");
        Objects.requireNonNull(reasoning, "message: reasoning");
    }

    public Message(String role, String content) {
        this(role, content, List.of(), "", "");
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

    /** The result of a call. */
    public static Message tool(String callId, String content) {
        return new Message("tool", content, List.of(), callId, "");
    }

    public Message withCalls(List<ToolCall> value) {
        return new Message(role, content, value, callId, reasoning);
    }

    public Message withReasoning(String value) {
        return new Message(role, content, calls, callId, value);
    }

    /** With each of its texts changed. */
    Message map(UnaryOperator<String> change) {
        return new Message(
                change.apply(role),
                change.apply(content),
                calls.stream()
                        .map(c ->
                                new ToolCall(change.apply(c.id()), change.apply(c.name()), change.apply(c.arguments())))
                        .toList(),
                change.apply(callId),
                change.apply(reasoning));
    }
}
