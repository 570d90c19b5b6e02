// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One item of a response's output while it grows: reasoning, a message of one text, or a call of a function. */
final class ResponseItem {
    /** An event of a stream, its type and sequence number left out of the JSON. */
    record Event(String type, ObjectNode json) {}

    private final String kind;
    private final JsonNode call;
    private final String id;
    private final StringBuilder text = new StringBuilder();

    /** @param call the chat's call, where it is one */
    ResponseItem(String kind, JsonNode call) {
        this.kind = kind;
        this.call = call;
        id = Chats.id(kind.equals("message") ? "msg_" : kind.equals("reasoning") ? "rs_" : "fc_");
    }

    boolean isSame(String otherKind, JsonNode otherCall) {
        return kind.equals(otherKind)
                && (call == null
                        || call.path("index").intValue(0)
                                == otherCall.path("index").intValue(0));
    }

    ResponseItem append(String more) {
        text.append(more);
        return this;
    }

    ObjectNode done() {
        return item("completed", text.toString());
    }

    private ObjectNode item(String status, String content) {
        ObjectNode item = Json.object().put("id", id).put("type", kind).put("status", status);
        if (call != null) {
            item.put("call_id", call.path("id").stringValue(""));
            return item.put("name", call.at("/function/name").stringValue("")).put("arguments", content);
        }
        if (kind.equals("message")) item.put("role", "assistant");
        else item.putArray("summary");
        var parts = item.putArray("content");
        if (status.equals("completed")) parts.add(part(content));
        return item;
    }

    private ObjectNode part(String content) {
        if (kind.equals("reasoning"))
            return Json.object().put("type", "reasoning_text").put("text", content);
        ObjectNode part = Json.object().put("type", "output_text").put("text", content);
        part.putArray("annotations");
        part.putArray("logprobs");
        return part;
    }

    /** What tells of it that it begins. */
    List<Event> begin(int index) {
        List<Event> events = new ArrayList<>();
        ObjectNode added = Json.object().put("output_index", index);
        added.set("item", item("in_progress", ""));
        events.add(new Event("response.output_item.added", added));
        if (call == null) events.add(new Event("response.content_part.added", withPart(index, "")));
        return events;
    }

    /** What tells of it that there is more. */
    Event delta(int index, String more) {
        return new Event("response." + name() + ".delta", at(index).put("delta", more));
    }

    /** What tells of it that it is whole. */
    List<Event> end(int index) {
        List<Event> events = new ArrayList<>();
        String field = call == null ? "text" : "arguments";
        events.add(new Event("response." + name() + ".done", at(index).put(field, text.toString())));
        if (call == null) events.add(new Event("response.content_part.done", withPart(index, text.toString())));
        ObjectNode done = Json.object().put("output_index", index);
        done.set("item", done());
        events.add(new Event("response.output_item.done", done));
        return events;
    }

    private String name() {
        return switch (kind) {
            case "reasoning" -> "reasoning_text";
            case "message" -> "output_text";
            default -> "function_call_arguments";
        };
    }

    private ObjectNode at(int index) {
        ObjectNode event = Json.object().put("item_id", id).put("output_index", index);
        if (call == null) event.put("content_index", 0);
        if (kind.equals("message")) event.putArray("logprobs");
        return event;
    }

    private ObjectNode withPart(int index, String content) {
        ObjectNode event =
                Json.object().put("item_id", id).put("output_index", index).put("content_index", 0);
        event.set("part", part(content));
        return event;
    }
}
