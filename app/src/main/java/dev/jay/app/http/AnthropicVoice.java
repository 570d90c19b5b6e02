// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A chat's answer as Anthropic's message: blocks of thinking, text and calls, whole or event by event. */
final class AnthropicVoice implements Voice {
    private final String modelName;
    private final int promptTokens;
    private final String id = Chats.id("msg_");
    private String open = ""; // the kind of block that is being sent, and of calls, which
    private int index = -1;
    private boolean started;
    private JsonNode ending = Json.object();
    private JsonNode usage = Json.object();

    AnthropicVoice(String modelName, int promptTokens) {
        this.modelName = modelName;
        this.promptTokens = promptTokens;
    }

    @Override
    public ObjectNode whole(ObjectNode reply) {
        JsonNode choice = reply.at("/choices/0");
        JsonNode message = choice.path("message");
        ObjectNode root = head();
        ArrayNode content = root.putArray("content");
        String thinking = message.path("reasoning_content").stringValue("");
        if (!thinking.isEmpty()) thinking(content.addObject(), thinking);
        String text = message.path("content").stringValue("");
        if (!text.isEmpty()) content.addObject().put("type", "text").put("text", text);
        for (JsonNode call : message.path("tool_calls")) {
            JsonNode function = call.path("function");
            use(content.addObject(), call)
                    .set("input", Chats.arguments(function.path("arguments").stringValue("")));
        }
        stop(root, choice);
        usage(root.putObject("usage"), reply.path("usage"));
        return root;
    }

    private ObjectNode head() {
        return Json.object()
                .put("id", id)
                .put("type", "message")
                .put("role", "assistant")
                .put("model", modelName);
    }

    private static ObjectNode thinking(ObjectNode block, String text) {
        return block.put("type", "thinking").put("thinking", text).put("signature", "");
    }

    private static ObjectNode use(ObjectNode block, JsonNode call) {
        return block.put("type", "tool_use")
                .put("id", call.path("id").stringValue(""))
                .put("name", call.at("/function/name").stringValue(""));
    }

    private static void stop(ObjectNode to, JsonNode choice) {
        JsonNode by = choice.path("stop_reason");
        String reason = switch (choice.path("finish_reason").stringValue("")) {
            case "length" -> "max_tokens";
            case "tool_calls" -> "tool_use";
            default -> by.isString() ? "stop_sequence" : "end_turn";
        };
        to.put("stop_reason", reason).put("stop_sequence", by.stringValue(null));
    }

    /** What was known already is told apart from what was run. */
    private static void usage(ObjectNode to, JsonNode usage) {
        int known = usage.at("/prompt_tokens_details/cached_tokens").intValue(0);
        to.put("input_tokens", usage.path("prompt_tokens").intValue(0) - known)
                .put("cache_creation_input_tokens", 0)
                .put("cache_read_input_tokens", known)
                .put("output_tokens", usage.path("completion_tokens").intValue(0));
    }

    @Override
    public void chunk(ObjectNode chunk, EventStream out) {
        start(out);
        JsonNode choice = chunk.at("/choices/0");
        if (choice.isMissingNode()) {
            usage = chunk.path("usage");
            return;
        }
        if (choice.path("finish_reason").isString()) ending = choice;
        JsonNode delta = choice.path("delta");
        String thinking = delta.path("reasoning_content").stringValue("");
        if (!thinking.isEmpty()) {
            open("thinking", thinking(Json.object(), ""), out);
            delta(out, "thinking_delta", "thinking", thinking);
        }
        String text = delta.path("content").stringValue("");
        if (!text.isEmpty()) {
            open("text", Json.object().put("type", "text").put("text", ""), out);
            delta(out, "text_delta", "text", text);
        }
        for (JsonNode call : delta.path("tool_calls")) call(call, out);
    }

    private void start(EventStream out) {
        if (started) return;
        started = true;
        ObjectNode event = Json.object().put("type", "message_start");
        ObjectNode message = head();
        message.putArray("content");
        message.putNull("stop_reason").putNull("stop_sequence");
        message.putObject("usage").put("input_tokens", promptTokens).put("output_tokens", 0);
        event.set("message", message);
        out.event("message_start", event);
    }

    private void call(JsonNode call, EventStream out) {
        ObjectNode block = use(Json.object(), call);
        block.putObject("input");
        open("call " + call.path("index").intValue(0), block, out);
        String arguments = call.at("/function/arguments").stringValue("");
        if (!arguments.isEmpty()) delta(out, "input_json_delta", "partial_json", arguments);
    }

    /** Ends the block that is open and begins this one, unless it is the one. */
    private void open(String kind, ObjectNode block, EventStream out) {
        if (open.equals(kind)) return;
        close(out);
        open = kind;
        index++;
        ObjectNode event = Json.object().put("type", "content_block_start").put("index", index);
        event.set("content_block", block);
        out.event("content_block_start", event);
    }

    private void close(EventStream out) {
        if (open.isEmpty()) return;
        open = "";
        out.event(
                "content_block_stop",
                Json.object().put("type", "content_block_stop").put("index", index));
    }

    private void delta(EventStream out, String type, String name, String text) {
        ObjectNode event = Json.object().put("type", "content_block_delta").put("index", index);
        event.putObject("delta").put("type", type).put(name, text);
        out.event("content_block_delta", event);
    }

    @Override
    public void end(EventStream out) {
        close(out);
        ObjectNode event = Json.object().put("type", "message_delta");
        stop(event.putObject("delta"), ending);
        usage(event.putObject("usage"), usage);
        out.event("message_delta", event);
        out.event("message_stop", Json.object().put("type", "message_stop"));
    }

    @Override
    public void failed(ApiException why, EventStream out) {
        out.event("error", ErrorShape.ANTHROPIC.body(why));
    }
}
