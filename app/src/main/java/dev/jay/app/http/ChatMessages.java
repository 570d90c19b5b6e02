// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Conversation;
import dev.jay.engine.Message;
import dev.jay.engine.chat.Tool;
import dev.jay.engine.chat.ToolCall;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The conversation of a chat: its messages, and what its template is told besides. */
final class ChatMessages {
    private static final int MOST_MESSAGES = 4096;
    private static final int LONGEST_NAME = 64;
    private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");

    private ChatMessages() {}

    static Conversation read(Fields fields, List<Tool> tools) {
        Map<String, Object> names = new HashMap<>();
        fields.text("reasoning_effort")
                .ifPresent(effort -> names.put("reasoning_effort", word(fields, "reasoning_effort", effort)));
        fields.object("chat_template_kwargs").ifPresent(given -> {
            for (String name : given.names()) name(given, name, names);
        });
        return new Conversation(messages(fields), tools, names);
    }

    private static void name(Fields given, String name, Map<String, Object> names) {
        if (Set.of("messages", "tools", "bos_token", "eos_token", "add_generation_prompt")
                .contains(name)) {
            throw given.unsupported(name, "it is not the request's to set");
        }
        given.get(name).ifPresent(value -> {
            if (value.isBoolean()) names.put(name, value.booleanValue());
            else if (value.isIntegralNumber() && value.canConvertToLong()) names.put(name, value.longValue());
            else names.put(name, word(given, name, value.isString() ? value.stringValue() : ""));
        });
    }

    /** One word: what is longer could spell control tokens. */
    private static String word(Fields fields, String name, String value) {
        if (value.length() > LONGEST_NAME || !value.matches("[A-Za-z0-9_. -]+")) {
            throw fields.unsupported(name, "allowed: a boolean, a whole number, or letters and digits");
        }
        return value;
    }

    static List<Message> messages(Fields fields) {
        List<Fields> each = fields.objects("messages", MOST_MESSAGES);
        if (each.isEmpty()) throw ApiException.invalid("messages", "messages must not be empty");
        List<Message> messages = new ArrayList<>();
        for (Fields message : each) {
            String role = message.text("role").orElseThrow(() -> message.missing("role"));
            if (!ROLES.contains(role)) throw message.unsupported("role", "allowed: " + String.join(", ", ROLES));
            List<ToolCall> calls = role.equals("assistant") ? ToolFields.calls(message) : List.of();
            String callId = role.equals("tool") ? message.text("tool_call_id").orElse("") : "";
            String reasoning =
                    role.equals("assistant") ? message.text("reasoning_content").orElse("") : "";
            messages.add(new Message(
                    role.equals("developer") ? "system" : role, content(message, role), calls, callId, reasoning));
        }
        return messages;
    }

    /** A string, or an array of text parts. */
    private static String content(Fields message, String role) {
        Optional<JsonNode> content = message.get("content");
        if (content.isEmpty()) {
            if (role.equals("assistant")) return "";
            throw message.missing("content");
        }
        if (content.get().isString()) return content.get().stringValue();
        if (!content.get().isArray()) throw message.wrong("content", "a string or an array of parts", content.get());
        StringBuilder text = new StringBuilder();
        for (Fields part : message.objects("content", MOST_MESSAGES)) {
            String type = part.text("type").orElseThrow(() -> part.missing("type"));
            if (!type.equals("text")) throw part.unsupported("type", "only text is supported");
            text.append(part.text("text").orElseThrow(() -> part.missing("text")));
        }
        return text.toString();
    }
}
