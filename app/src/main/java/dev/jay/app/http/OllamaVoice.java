// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A chat's or a completion's answer as Ollama tells it: whole, or lines of which the last has the numbers. */
final class OllamaVoice implements Voice {
    private static final double NANOS = 1e6; // in a millisecond

    private final String name;
    private final boolean generate;
    private final long began = System.nanoTime();
    private final Map<Integer, ObjectNode> calls = new TreeMap<>(); // told when they are whole
    private JsonNode ending = Json.object();
    private JsonNode numbers = Json.object();

    /** @param name the model as the client named it */
    OllamaVoice(String name, boolean generate) {
        this.name = name;
        this.generate = generate;
    }

    @Override
    public EventStream.Framing framing() {
        return EventStream.Framing.LINES;
    }

    private ObjectNode head() {
        return Json.object().put("model", name).put("created_at", Instant.now().toString());
    }

    /** The text, the thinking and the calls where this endpoint has them. */
    private ObjectNode said(String text, String thinking, ArrayNode tools) {
        ObjectNode root = head();
        ObjectNode message = generate ? root : root.putObject("message").put("role", "assistant");
        message.put(generate ? "response" : "content", text);
        if (!thinking.isEmpty()) message.put("thinking", thinking);
        if (!tools.isEmpty()) message.set("tool_calls", tools);
        return root;
    }

    @Override
    public ObjectNode whole(ObjectNode reply) {
        JsonNode choice = reply.at("/choices/0");
        JsonNode message = choice.path("message");
        for (JsonNode call : message.path("tool_calls")) take(call, calls.size());
        ending = choice;
        numbers = reply;
        String text = choice.path("text").stringValue(message.path("content").stringValue(""));
        ObjectNode root = said(text, message.path("reasoning_content").stringValue(""), toldCalls());
        return done(root);
    }

    private void take(JsonNode call, int index) {
        ObjectNode known =
                calls.computeIfAbsent(index, i -> Json.object().put("name", "").put("arguments", ""));
        for (String part : new String[] {"name", "arguments"}) {
            String more = call.path("function").path(part).stringValue("");
            known.put(part, known.path(part).stringValue("") + more);
        }
    }

    private ArrayNode toldCalls() {
        ArrayNode all = Json.object().putArray("calls");
        for (ObjectNode call : calls.values()) {
            ObjectNode function = all.addObject().putObject("function");
            function.set("name", call.path("name"));
            function.set("arguments", Chats.arguments(call.path("arguments").stringValue("")));
        }
        return all;
    }

    private ObjectNode done(ObjectNode root) {
        JsonNode timings = numbers.path("timings");
        boolean cut = ending.path("finish_reason").stringValue("").equals("length");
        return root.put("done", true)
                .put("done_reason", cut ? "length" : "stop")
                .put("total_duration", System.nanoTime() - began)
                .put("load_duration", 0)
                .put("prompt_eval_count", numbers.at("/usage/prompt_tokens").intValue(0))
                .put("prompt_eval_duration", nanos(timings.path("prompt_ms")))
                .put("eval_count", numbers.at("/usage/completion_tokens").intValue(0))
                .put("eval_duration", nanos(timings.path("predicted_ms")));
    }

    private static long nanos(JsonNode millis) {
        return Math.round(millis.doubleValue(0) * NANOS);
    }

    @Override
    public void chunk(ObjectNode chunk, EventStream out) {
        JsonNode choice = chunk.at("/choices/0");
        if (choice.isMissingNode()) {
            numbers = chunk;
            return;
        }
        if (choice.path("finish_reason").isString()) ending = choice;
        JsonNode delta = choice.path("delta");
        for (JsonNode call : delta.path("tool_calls"))
            take(call, call.path("index").intValue(0));
        String text = choice.path("text").stringValue(delta.path("content").stringValue(""));
        String thinking = delta.path("reasoning_content").stringValue("");
        if (text.isEmpty() && thinking.isEmpty()) return;
        out.data(said(text, thinking, Json.object().putArray("none")).put("done", false));
    }

    @Override
    public void end(EventStream out) {
        if (!calls.isEmpty()) out.data(said("", "", toldCalls()).put("done", false));
        out.data(done(said("", "", Json.object().putArray("none"))));
    }

    @Override
    public void failed(ApiException why, EventStream out) {
        out.data(ErrorShape.OLLAMA.body(why));
    }
}
