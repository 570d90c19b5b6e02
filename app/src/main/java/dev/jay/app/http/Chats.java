// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What the tongues have in common: pieces of a chat's request, and of its answer. */
final class Chats {
    static final int MOST_PARTS = 4096;

    private Chats() {}

    /** Takes over the fields that are called the same on both sides. */
    static void same(Fields from, ObjectNode to, String... names) {
        for (String name : names) from.get(name).ifPresent(value -> to.set(name, value));
    }

    static void renamed(Fields from, String name, ObjectNode to, String other) {
        from.get(name).ifPresent(value -> to.set(other, value));
    }

    /** A stream's usage is always told: most tongues have a place for it. */
    static void stream(ObjectNode chat, boolean stream) {
        chat.put("stream", stream);
        if (stream) chat.putObject("stream_options").put("include_usage", true);
    }

    static ObjectNode message(ArrayNode messages, String role, String content) {
        return messages.addObject().put("role", role).put("content", content);
    }

    /** A string, or an array of parts of these types, joined. */
    static String text(Fields holder, String name, Set<String> types) {
        Optional<JsonNode> value = holder.get(name);
        if (value.isEmpty()) return "";
        if (value.get().isString()) return value.get().stringValue();
        if (!value.get().isArray()) throw holder.wrong(name, "a string or an array of parts", value.get());
        StringBuilder text = new StringBuilder();
        for (Fields part : holder.objects(name, MOST_PARTS)) text.append(partText(part, types));
        return text.toString();
    }

    static String partText(Fields part, Set<String> types) {
        String type = part.text("type").orElseThrow(() -> part.missing("type"));
        if (!types.contains(type)) throw part.unsupported("type", "only text is supported");
        return part.text("text").orElseThrow(() -> part.missing("text"));
    }

    /** A call that the assistant made, as chats list it. */
    static void call(ObjectNode message, String id, String name, String arguments) {
        ArrayNode calls = message.get("tool_calls") instanceof ArrayNode some ? some : message.putArray("tool_calls");
        calls.addObject()
                .put("id", id)
                .put("type", "function")
                .putObject("function")
                .put("name", name)
                .put("arguments", arguments);
    }

    /** A tool of a chat. */
    static ObjectNode function(ArrayNode tools, String name) {
        return tools.addObject().put("type", "function").putObject("function").put("name", name);
    }

    static String id(String prefix) {
        return prefix + UUID.randomUUID().toString().replace("-", "");
    }

    /** The arguments of a call as a value; what is no object is nobody's arguments. */
    static ObjectNode arguments(String written) {
        try {
            return Json.object(written);
        } catch (ApiException e) {
            return Json.object();
        }
    }
}
