// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/responses}: nothing is kept between requests, so each brings its whole conversation. */
final class Responses implements Tongue {
    private static final Set<String> TEXT = Set.of("input_text", "output_text", "text");
    private static final Map<String, String> UNSUPPORTED = Map.of(
            "previous_response_id", "nothing is kept here: send the conversation as input",
            "conversation", "nothing is kept here: send the conversation as input",
            "prompt", "no prompts are kept here",
            "background", "answers are given at once or streamed");

    private final String modelName;

    Responses(String modelName) {
        this.modelName = modelName;
    }

    @Override
    public ObjectNode chat(Fields fields) {
        UNSUPPORTED.forEach((name, why) -> {
            boolean off = fields.get(name)
                    .map(v -> v.isBoolean() && !v.booleanValue())
                    .orElse(true);
            if (!off) throw fields.unsupported(name, why);
        });
        ObjectNode chat = prompt(fields);
        Chats.same(fields, chat, "temperature", "top_p", "top_k", "seed", "numerics", "priority", "lora");
        Chats.same(fields, chat, "presence_penalty", "frequency_penalty", "parallel_tool_calls");
        Chats.renamed(fields, "max_output_tokens", chat, "max_completion_tokens");
        Chats.stream(chat, fields.flag("stream"));
        return chat;
    }

    /** What decides the prompt: all that counting its tokens takes. */
    ObjectNode prompt(Fields fields) {
        ObjectNode chat = Json.object();
        Chats.same(fields, chat, "model");
        ArrayNode messages = chat.putArray("messages");
        fields.text("instructions").ifPresent(text -> Chats.message(messages, "system", text));
        JsonNode input = fields.get("input").orElseThrow(() -> fields.missing("input"));
        if (input.isString()) Chats.message(messages, "user", input.stringValue());
        else for (Fields item : fields.objects("input", Chats.MOST_PARTS)) item(item, messages);
        tools(fields, chat);
        fields.object("reasoning").ifPresent(r -> Chats.renamed(r, "effort", chat, "reasoning_effort"));
        fields.object("text").flatMap(t -> t.object("format")).ifPresent(f -> format(f, chat));
        return chat;
    }

    private static void item(Fields item, ArrayNode messages) {
        String type = item.text("type").orElse("message");
        switch (type) {
            case "message" -> {
                String role = item.text("role").orElseThrow(() -> item.missing("role"));
                if (!item.has("content")) throw item.missing("content");
                Chats.message(messages, role, Chats.text(item, "content", TEXT));
            }
            case "function_call" -> {
                String id = item.text("call_id").orElseThrow(() -> item.missing("call_id"));
                String name = item.text("name").orElseThrow(() -> item.missing("name"));
                Chats.call(saying(messages), id, name, item.text("arguments").orElse("{}"));
            }
            case "function_call_output" -> {
                String id = item.text("call_id").orElseThrow(() -> item.missing("call_id"));
                Chats.message(messages, "tool", Chats.text(item, "output", TEXT))
                        .put("tool_call_id", id);
            }
            case "reasoning" -> {} // of turns that are over
            default ->
                throw item.unsupported("type", "allowed: message, function_call, function_call_output, reasoning");
        }
    }

    /** The message that a call belongs to: the assistant's last, or a new one. */
    private static ObjectNode saying(ArrayNode messages) {
        boolean goesOn = !messages.isEmpty()
                && messages.get(messages.size() - 1)
                        .path("role")
                        .stringValue("")
                        .equals("assistant");
        return goesOn
                ? (ObjectNode) messages.get(messages.size() - 1)
                : messages.addObject().put("role", "assistant").put("content", "");
    }

    private static void tools(Fields fields, ObjectNode chat) {
        if (fields.has("tools")) {
            ArrayNode tools = chat.putArray("tools");
            for (Fields tool : fields.objects("tools", Chats.MOST_PARTS)) {
                String type = tool.text("type").orElseThrow(() -> tool.missing("type"));
                if (!type.equals("function")) throw tool.unsupported("type", "only function is");
                ObjectNode function = Chats.function(tools, tool.text("name").orElseThrow(() -> tool.missing("name")));
                Chats.same(tool, function, "description", "parameters", "strict");
            }
        }
        if (fields.get("tool_choice").filter(JsonNode::isObject).isEmpty()) {
            Chats.same(fields, chat, "tool_choice");
            return;
        }
        Fields choice = fields.object("tool_choice").orElseThrow();
        if (!choice.text("type").orElse("").equals("function")) throw choice.unsupported("type", "only function is");
        chat.putObject("tool_choice")
                .put("type", "function")
                .putObject("function")
                .put("name", choice.text("name").orElseThrow(() -> choice.missing("name")));
    }

    /** Chats have a schema one level deeper. */
    private static void format(Fields format, ObjectNode chat) {
        String type = format.text("type").orElseThrow(() -> format.missing("type"));
        ObjectNode to = chat.putObject("response_format").put("type", type);
        if (type.equals("json_schema")) {
            Chats.same(format, to.putObject("json_schema"), "name", "description", "schema", "strict");
        }
    }

    @Override
    public Voice voice(Fields fields, Answers.Wanted wanted) {
        return new ResponsesVoice(modelName, fields);
    }
}
