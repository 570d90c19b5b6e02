// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A chat's answer as a response: items of reasoning, text and calls, whole or event by event. */
final class ResponsesVoice implements Voice {
    private static final String[] ECHOED = {
        "instructions", "max_output_tokens", "temperature", "top_p", "user", "reasoning", "text"
    };

    private final String modelName;
    private final Fields asked;
    private final String id = Chats.id("resp_");
    private final long created = Instant.now().getEpochSecond();
    private final ArrayNode output = Json.object().putArray("output"); // the items that are done
    private ResponseItem open;
    private boolean started;
    private int sequence;
    private JsonNode ending = Json.object();
    private JsonNode usage = Json.object();

    ResponsesVoice(String modelName, Fields asked) {
        this.modelName = modelName;
        this.asked = asked;
    }

    @Override
    public ObjectNode whole(ObjectNode reply) {
        JsonNode choice = reply.at("/choices/0");
        JsonNode message = choice.path("message");
        String thought = message.path("reasoning_content").stringValue("");
        if (!thought.isEmpty())
            output.add(new ResponseItem("reasoning", null).append(thought).done());
        String text = message.path("content").stringValue("");
        if (!text.isEmpty())
            output.add(new ResponseItem("message", null).append(text).done());
        for (JsonNode call : message.path("tool_calls")) {
            output.add(new ResponseItem("function_call", call)
                    .append(call.at("/function/arguments").stringValue(""))
                    .done());
        }
        ending = choice;
        usage = reply.path("usage");
        return response(status());
    }

    private String status() {
        return ending.path("finish_reason").stringValue("").equals("length") ? "incomplete" : "completed";
    }

    private ObjectNode response(String status) {
        ObjectNode root = Json.object()
                .put("id", id)
                .put("object", "response")
                .put("created_at", created)
                .put("status", status)
                .putNull("error")
                .putNull("incomplete_details");
        if (status.equals("incomplete")) root.putObject("incomplete_details").put("reason", "max_output_tokens");
        root.put("model", modelName);
        for (String name : ECHOED) root.set(name, asked.get(name).orElse(null));
        root.set("metadata", asked.get("metadata").orElseGet(Json::object));
        if (!asked.has("text")) root.putObject("text").putObject("format").put("type", "text");
        root.set("tools", asked.get("tools").orElseGet(() -> Json.object().putArray("tools")));
        JsonNode choice = asked.get("tool_choice").orElse(null);
        if (choice == null) root.put("tool_choice", "auto");
        else root.set("tool_choice", choice);
        root.put("parallel_tool_calls", !asked.has("parallel_tool_calls") || asked.flag("parallel_tool_calls"));
        root.putNull("previous_response_id").put("store", false).put("truncation", "disabled");
        root.set("output", output.deepCopy());
        if (usage.isEmpty()) return root.putNull("usage");
        usage(root.putObject("usage"));
        return root;
    }

    private void usage(ObjectNode to) {
        to.put("input_tokens", usage.path("prompt_tokens").intValue(0));
        to.putObject("input_tokens_details")
                .put(
                        "cached_tokens",
                        usage.at("/prompt_tokens_details/cached_tokens").intValue(0));
        to.put("output_tokens", usage.path("completion_tokens").intValue(0));
        to.putObject("output_tokens_details")
                .put(
                        "reasoning_tokens",
                        usage.at("/completion_tokens_details/reasoning_tokens").intValue(0));
        to.put("total_tokens", usage.path("total_tokens").intValue(0));
    }

    private void send(EventStream out, String type, ObjectNode event) {
        event.put("type", type).put("sequence_number", sequence++);
        out.event(type, event);
    }

    private void send(EventStream out, String type, String status) {
        ObjectNode event = Json.object();
        event.set("response", response(status));
        send(out, type, event);
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
        more("reasoning", delta.path("reasoning_content"), null, out);
        more("message", delta.path("content"), null, out);
        for (JsonNode call : delta.path("tool_calls")) {
            more("function_call", call.at("/function/arguments"), call, out);
        }
    }

    private void start(EventStream out) {
        if (started) return;
        started = true;
        send(out, "response.created", "in_progress");
        send(out, "response.in_progress", "in_progress");
    }

    /** More of the item that is open, or the first of a new one. */
    private void more(String kind, JsonNode text, JsonNode call, EventStream out) {
        String more = text.stringValue("");
        if (more.isEmpty() && call == null) return;
        if (open == null || !open.isSame(kind, call)) {
            close(out);
            open = new ResponseItem(kind, call);
            for (ResponseItem.Event e : open.begin(output.size())) send(out, e.type(), e.json());
        }
        if (more.isEmpty()) return;
        open.append(more);
        ResponseItem.Event e = open.delta(output.size(), more);
        send(out, e.type(), e.json());
    }

    private void close(EventStream out) {
        if (open == null) return;
        for (ResponseItem.Event e : open.end(output.size())) send(out, e.type(), e.json());
        output.add(open.done());
        open = null;
    }

    @Override
    public void end(EventStream out) {
        close(out);
        send(out, "response." + status(), status());
    }

    @Override
    public void failed(ApiException why, EventStream out) {
        ObjectNode event = Json.object().put("code", why.code().orElse(why.type()));
        event.put("message", why.getMessage()).put("param", why.param().orElse(null));
        send(out, "error", event);
    }
}
