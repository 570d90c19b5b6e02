// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/messages} as Anthropic's clients send it: text, tools and their results, thinking. */
final class Anthropic implements Tongue {
    private static final Set<String> TEXT = Set.of("text");

    private final String modelName;

    Anthropic(String modelName) {
        this.modelName = modelName;
    }

    @Override
    public ObjectNode chat(Fields fields) {
        if (!fields.has("max_tokens")) throw fields.missing("max_tokens");
        ObjectNode chat = prompt(fields);
        Chats.same(fields, chat, "max_tokens", "temperature", "top_p", "top_k", "seed", "numerics", "priority", "lora");
        Chats.renamed(fields, "stop_sequences", chat, "stop");
        Chats.stream(chat, fields.flag("stream"));
        return chat;
    }

    /** What decides the prompt: all that counting its tokens takes. */
    ObjectNode prompt(Fields fields) {
        ObjectNode chat = Json.object();
        Chats.same(fields, chat, "model");
        ArrayNode messages = chat.putArray("messages");
        String system = Chats.text(fields, "system", TEXT);
        if (!system.isEmpty()) Chats.message(messages, "system", system);
        for (Fields message : fields.objects("messages", Chats.MOST_PARTS)) message(message, messages);
        if (messages.isEmpty()) throw ApiException.invalid("messages", "messages must not be empty");
        tools(fields, chat);
        fields.object("thinking")
                .flatMap(t -> t.text("type"))
                .ifPresent(type ->
                        chat.putObject("chat_template_kwargs").put("enable_thinking", !type.equals("disabled")));
        return chat;
    }

    private static void message(Fields message, ArrayNode out) {
        String role = message.text("role").orElseThrow(() -> message.missing("role"));
        if (!role.equals("user") && !role.equals("assistant")) {
            throw message.unsupported("role", "allowed: user, assistant");
        }
        JsonNode content = message.get("content").orElseThrow(() -> message.missing("content"));
        if (content.isString()) {
            Chats.message(out, role, content.stringValue());
            return;
        }
        ObjectNode said = Json.object().put("role", role);
        StringBuilder text = new StringBuilder();
        for (Fields block : message.objects("content", Chats.MOST_PARTS)) {
            String type = block.text("type").orElseThrow(() -> block.missing("type"));
            switch (type) {
                case "tool_use" -> use(block, said);
                case "tool_result" ->
                    result(block, out); // chats have results as messages of their own, before the text
                case "thinking" -> block.text("thinking").ifPresent(t -> said.put("reasoning_content", t));
                case "redacted_thinking" -> {} // nobody here can read it
                default -> text.append(Chats.partText(block, TEXT));
            }
        }
        said.put("content", text.toString());
        if (!text.isEmpty() || role.equals("assistant")) out.add(said);
    }

    private static void use(Fields block, ObjectNode said) {
        String name = block.text("name").orElseThrow(() -> block.missing("name"));
        String input = block.get("input").map(JsonNode::toString).orElse("{}");
        Chats.call(said, block.text("id").orElseThrow(() -> block.missing("id")), name, input);
    }

    private static void result(Fields block, ArrayNode out) {
        String id = block.text("tool_use_id").orElseThrow(() -> block.missing("tool_use_id"));
        Chats.message(out, "tool", Chats.text(block, "content", TEXT)).put("tool_call_id", id);
    }

    private static void tools(Fields fields, ObjectNode chat) {
        if (fields.has("tools")) {
            ArrayNode tools = chat.putArray("tools");
            for (Fields tool : fields.objects("tools", Chats.MOST_PARTS)) {
                ObjectNode function = Chats.function(tools, tool.text("name").orElseThrow(() -> tool.missing("name")));
                Chats.same(tool, function, "description");
                Chats.renamed(tool, "input_schema", function, "parameters");
            }
        }
        Optional<Fields> choice = fields.object("tool_choice");
        if (choice.isEmpty()) return;
        Fields c = choice.get();
        String type = c.text("type").orElseThrow(() -> c.missing("type"));
        switch (type) {
            case "auto", "none" -> chat.put("tool_choice", type);
            case "any" -> chat.put("tool_choice", "required");
            case "tool" ->
                chat.putObject("tool_choice")
                        .put("type", "function")
                        .putObject("function")
                        .put("name", c.text("name").orElseThrow(() -> c.missing("name")));
            default -> throw c.unsupported("type", "allowed: auto, any, tool, none");
        }
        if (c.flag("disable_parallel_tool_use")) chat.put("parallel_tool_calls", false);
    }

    @Override
    public Voice voice(Fields fields, Answers.Wanted wanted) {
        return new AnthropicVoice(modelName, wanted.requests().getFirst().prompt().length);
    }
}
