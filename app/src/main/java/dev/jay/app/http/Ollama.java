// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /api/chat} and {@code /api/generate} as Ollama's clients send them: lines of JSON, streamed unless told otherwise. */
final class Ollama implements Tongue {
    private static final Map<String, String> UNSUPPORTED = Map.of(
            "suffix", "filling in is not supported",
            "template", "the model's own template is used",
            "context", "send the conversation to /api/chat");
    static final String CHAT = "/api/chat";
    static final String GENERATE = "/api/generate";

    private static final String LATEST = ":latest";

    private final String modelName;
    private final boolean generate;

    /** @param generate whether it is {@code /api/generate} */
    Ollama(String modelName, boolean generate) {
        this.modelName = modelName;
        this.generate = generate;
    }

    /** For requests whose model is not there yet. */
    static Ollama at(String path) {
        return new Ollama("", path.equals(GENERATE));
    }

    /** Whether the request asks for nothing but that the model be there. */
    boolean isEmpty(Fields fields) {
        if (generate) return fields.text("prompt").orElse("").isEmpty();
        return !fields.has("messages")
                || fields.objects("messages", Chats.MOST_PARTS).isEmpty();
    }

    /** The answer to such a request: the model is there, or ({@code unload}) gone. */
    ObjectNode loaded(Fields fields, String reason) {
        ObjectNode root = Json.object()
                .put("model", fields.text("model").orElse(modelName))
                .put("created_at", Instant.now().toString());
        if (generate) root.put("response", "");
        else root.putObject("message").put("role", "assistant").put("content", "");
        return root.put("done_reason", reason).put("done", true);
    }

    /** Whether the prompt is to go to the model as it stands: a completion, no chat. */
    boolean isRaw(Fields fields) {
        return generate && fields.flag("raw");
    }

    /** The model as Ollama's clients name it: a tag may follow. */
    static void model(Fields fields, ObjectNode to) {
        fields.text("model").ifPresent(name -> to.put("model", untagged(name)));
    }

    static String untagged(String name) {
        return name.endsWith(LATEST) ? name.substring(0, name.length() - LATEST.length()) : name;
    }

    @Override
    public ObjectNode chat(Fields fields) {
        UNSUPPORTED.forEach((name, why) -> {
            if (fields.has(name)) throw fields.unsupported(name, why);
        });
        ObjectNode chat = Json.object();
        model(fields, chat);
        if (isRaw(fields)) {
            Chats.same(fields, chat, "prompt");
        } else if (generate) {
            refuseImages(fields);
            ArrayNode messages = chat.putArray("messages");
            fields.text("system").ifPresent(text -> Chats.message(messages, "system", text));
            Chats.message(messages, "user", fields.text("prompt").orElse(""));
        } else {
            messages(fields, chat.putArray("messages"));
            Chats.same(fields, chat, "tools");
        }
        fields.object("options").ifPresent(options -> options(options, chat));
        format(fields, chat);
        think(fields, chat);
        Chats.same(fields, chat, "lora");
        Chats.stream(chat, !fields.has("stream") || fields.flag("stream"));
        return chat;
    }

    private static void messages(Fields fields, ArrayNode messages) {
        Deque<String> called = new ArrayDeque<>(); // results come in the order of the calls, and name none
        int calls = 0;
        for (Fields message : fields.objects("messages", Chats.MOST_PARTS)) {
            refuseImages(message);
            String role = message.text("role").orElseThrow(() -> message.missing("role"));
            ObjectNode said =
                    Chats.message(messages, role, message.text("content").orElse(""));
            Chats.renamed(message, "thinking", said, "reasoning_content");
            if (message.has("tool_calls")) {
                for (Fields call : message.objects("tool_calls", Chats.MOST_PARTS)) {
                    Fields function = call.object("function").orElseThrow(() -> call.missing("function"));
                    String id = "call_" + calls++;
                    called.add(id);
                    Chats.call(
                            said,
                            id,
                            function.text("name").orElseThrow(() -> function.missing("name")),
                            function.get("arguments").map(JsonNode::toString).orElse("{}"));
                }
            }
            if (role.equals("tool")) {
                said.put("tool_call_id", called.isEmpty() ? "call" : called.remove());
                Chats.renamed(message, "tool_name", said, "name");
            }
        }
    }

    private static void refuseImages(Fields holder) {
        Optional<JsonNode> images = holder.get("images");
        if (images.isPresent() && !images.get().isEmpty()) {
            throw holder.unsupported("images", "only text is supported");
        }
    }

    private static void options(Fields options, ObjectNode chat) {
        Chats.same(options, chat, "temperature", "top_p", "top_k", "min_p", "seed", "stop", "repeat_penalty");
        Chats.same(options, chat, "presence_penalty", "frequency_penalty", "numerics");
        OptionalLong tokens = options.whole("num_predict");
        if (tokens.isPresent() && tokens.getAsLong() > 0) chat.put("max_tokens", tokens.getAsLong());
    }

    private static void format(Fields fields, ObjectNode chat) {
        Optional<JsonNode> format = fields.get("format")
                .filter(f -> !f.isString() || !f.stringValue().isEmpty());
        if (format.isEmpty()) return;
        if (format.get().isObject()) {
            chat.putObject("response_format")
                    .put("type", "json_schema")
                    .putObject("json_schema")
                    .put("name", "format")
                    .set("schema", format.get());
        } else if (format.get().stringValue("").equals("json")) {
            chat.putObject("response_format").put("type", "json_object");
        } else {
            throw fields.wrong("format", "json or a JSON schema", format.get());
        }
    }

    private static void think(Fields fields, ObjectNode chat) {
        Optional<JsonNode> think = fields.get("think");
        if (think.isEmpty()) return;
        if (think.get().isString()) chat.set("reasoning_effort", think.get());
        else chat.putObject("chat_template_kwargs").put("enable_thinking", fields.flag("think"));
    }

    @Override
    public Voice voice(Fields fields, Answers.Wanted wanted) {
        return new OllamaVoice(fields.text("model").orElse(modelName), generate);
    }
}
