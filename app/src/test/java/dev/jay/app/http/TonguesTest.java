// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The other APIs over a real socket: the same model, limits and keys, other words. */
class TonguesTest {
    private static final String MESSAGES = "/v1/messages";
    private static final String RESPONSES = "/v1/responses";
    private static Talk talk;

    @BeforeAll
    static void start() throws Exception {
        talk = new Talk(o -> o.withLimits(20_000, 4096, Duration.ofSeconds(20), 8));
    }

    @AfterAll
    static void stop() {
        talk.close();
    }

    @AfterEach
    void mend() {
        talk.model.failure = null;
        talk.model.queueLimit = Integer.MAX_VALUE;
        assertThat(talk.model.running).hasValue(0);
    }

    private static JsonNode posted(String path, String body) throws Exception {
        HttpResponse<String> response = talk.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Talk.tree(response);
    }

    @Test
    void shouldAnswerAMessage() throws Exception {
        JsonNode reply = posted(
                MESSAGES,
                "{\"model\":\"scripted\",\"max_tokens\":100000,\"system\":[{\"type\":\"text\",\"text\":\"be brief\"}],"
                        + "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}],"
                        + "\"temperature\":0.5,\"top_k\":3,\"metadata\":{\"user_id\":\"ann\"}}");
        assertThat(reply.at("/id").stringValue()).startsWith("msg_");
        assertThat(reply.at("/type").stringValue()).isEqualTo("message");
        assertThat(reply.at("/role").stringValue()).isEqualTo("assistant");
        assertThat(reply.at("/content/0/type").stringValue()).isEqualTo("text");
        assertThat(reply.at("/content/0/text").stringValue()).isEqualTo("hello");
        assertThat(reply.at("/stop_reason").stringValue()).isEqualTo("end_turn");
        assertThat(reply.at("/stop_sequence").isNull()).isTrue();
        assertThat(reply.at("/usage/input_tokens").intValue()).isEqualTo(6);
        assertThat(reply.at("/usage/output_tokens").intValue()).isEqualTo(6);
        assertThat(talk.model.lastMessages.getFirst().content()).isEqualTo("be brief");
        assertThat(talk.model.last.sampling().topK()).isEqualTo(3);
        assertThat(talk.model.last.maxTokens()).hasValue(ScriptedModel.CONTEXT - 6);
    }

    @Test
    void shouldSayWhatEndedAMessage() throws Exception {
        String head = "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"max_tokens\":";
        JsonNode stopped = posted(MESSAGES, head + "50,\"stop_sequences\":[\"x\",\"o\"]}");
        assertThat(stopped.at("/content/0/text").stringValue()).isEqualTo("hell");
        assertThat(stopped.at("/stop_reason").stringValue()).isEqualTo("stop_sequence");
        assertThat(stopped.at("/stop_sequence").stringValue()).isEqualTo("o");
        assertThat(posted(MESSAGES, head + "2}").at("/stop_reason").stringValue())
                .isEqualTo("max_tokens");
    }

    @Test
    void shouldStreamAMessage() throws Exception {
        HttpResponse<String> response = talk.post(
                MESSAGES,
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"max_tokens\":9,\"stream\":true}");
        assertThat(response.body()).contains("event: message_start\ndata: ").doesNotContain("[DONE]");
        List<JsonNode> events = Talk.events(response);
        List<String> kinds =
                events.stream().map(e -> e.at("/type").stringValue()).distinct().toList();
        assertThat(kinds)
                .containsExactly(
                        "message_start",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop");
        assertThat(events.getFirst().at("/message/usage/input_tokens").intValue())
                .isEqualTo(6);
        assertThat(events.getFirst().at("/message/content").size()).isZero();
        assertThat(texts(events, "/delta/text")).isEqualTo("hello");
        JsonNode last = events.get(events.size() - 2);
        assertThat(last.at("/delta/stop_reason").stringValue()).isEqualTo("end_turn");
        assertThat(last.at("/usage/output_tokens").intValue()).isEqualTo(6);
    }

    @Test
    void shouldCountTokensAndShowPrompts() throws Exception {
        String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]";
        assertThat(posted(MESSAGES + "/count_tokens", "{" + messages + "}")
                        .at("/input_tokens")
                        .intValue())
                .isEqualTo(6);
        assertThat(posted(RESPONSES + "/input_tokens", "{\"input\":\"hello\"}")
                        .at("/input_tokens")
                        .intValue())
                .isEqualTo(6);
        assertThat(posted("/v1/chat/completions/input_tokens", "{" + messages + "}")
                        .at("/input_tokens")
                        .intValue())
                .isEqualTo(6);
        JsonNode written = posted("/apply-template", "{" + messages + "}");
        assertThat(written.at("/prompt").stringValue()).isEqualTo("<256>hello");
        assertThat(written.at("/tokens").size()).isEqualTo(6);
    }

    @Test
    void shouldAnswerAResponse() throws Exception {
        JsonNode reply = posted(
                RESPONSES,
                "{\"model\":\"scripted\",\"instructions\":\"be"
                    + " brief\",\"max_output_tokens\":4,\"metadata\":{\"a\":\"b\"},"
                    + "\"input\":[{\"role\":\"user\",\"content\":\"x\"},{\"type\":\"message\",\"role\":\"assistant\","
                    + "\"content\":[{\"type\":\"output_text\",\"text\":\"y\"}]},{\"role\":\"user\",\"content\":"
                    + "[{\"type\":\"input_text\",\"text\":\"hel\"},{\"type\":\"input_text\",\"text\":\"lo\"}]}]}");
        assertThat(reply.at("/id").stringValue()).startsWith("resp_");
        assertThat(reply.at("/object").stringValue()).isEqualTo("response");
        assertThat(reply.at("/status").stringValue()).isEqualTo("incomplete");
        assertThat(reply.at("/incomplete_details/reason").stringValue()).isEqualTo("max_output_tokens");
        assertThat(reply.at("/output/0/type").stringValue()).isEqualTo("message");
        assertThat(reply.at("/output/0/content/0/text").stringValue()).isEqualTo("hell");
        assertThat(reply.at("/usage/output_tokens").intValue()).isEqualTo(4);
        assertThat(reply.at("/metadata/a").stringValue()).isEqualTo("b");
        assertThat(talk.model.lastMessages).hasSize(4);
        assertThat(talk.model.lastMessages.getFirst().role()).isEqualTo("system");
    }

    @Test
    void shouldStreamAResponse() throws Exception {
        HttpResponse<String> response = talk.post(RESPONSES, "{\"input\":\"hello\",\"stream\":true}");
        List<JsonNode> events = Talk.events(response);
        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i).at("/sequence_number").intValue()).isEqualTo(i);
            assertThat(response.body())
                    .contains("event: " + events.get(i).at("/type").stringValue() + "\ndata: ");
        }
        assertThat(events.stream().map(e -> e.at("/type").stringValue()).distinct())
                .containsExactly(
                        "response.created",
                        "response.in_progress",
                        "response.output_item.added",
                        "response.content_part.added",
                        "response.output_text.delta",
                        "response.output_text.done",
                        "response.content_part.done",
                        "response.output_item.done",
                        "response.completed");
        assertThat(texts(events, "/delta")).isEqualTo("hello");
        JsonNode whole = events.getLast().at("/response");
        assertThat(whole.at("/output/0/content/0/text").stringValue()).isEqualTo("hello");
        assertThat(whole.at("/usage/total_tokens").intValue()).isEqualTo(12);
        assertThat(events.getFirst().at("/response/output").size()).isZero();
    }

    @Test
    void shouldChatAndGenerateAsOllamaDoes() throws Exception {
        String chat = "{\"model\":\"scripted:latest\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]";
        JsonNode whole = posted("/api/chat", chat + ",\"stream\":false,\"options\":{\"num_predict\":4,\"seed\":5}}");
        assertThat(whole.at("/message/content").stringValue()).isEqualTo("hell");
        assertThat(whole.at("/done_reason").stringValue()).isEqualTo("length");
        assertThat(whole.at("/prompt_eval_count").intValue()).isEqualTo(6);
        assertThat(whole.at("/eval_count").intValue()).isEqualTo(4);
        assertThat(talk.model.last.sampling().seed()).hasValue(5);
        HttpResponse<String> streamed = talk.post("/api/chat", chat + "}");
        assertThat(streamed.headers().firstValue("content-type")).hasValue("application/x-ndjson");
        List<JsonNode> lines = streamed.body().lines().map(Talk.JSON::readTree).toList();
        assertThat(texts(lines, "/message/content")).isEqualTo("hello");
        assertThat(lines).allMatch(l -> l.at("/model").stringValue().equals("scripted:latest"));
        assertThat(lines.getLast().at("/done").booleanValue()).isTrue();
        assertThat(lines.getFirst().at("/done").booleanValue()).isFalse();
        assertThat(lines.getLast().at("/eval_count").intValue()).isEqualTo(6);

        JsonNode text = posted("/api/generate", "{\"prompt\":\"hello\",\"system\":\"s\",\"stream\":false}");
        assertThat(text.at("/response").stringValue()).isEqualTo("hello");
        assertThat(talk.model.lastMessages.getFirst().content()).isEqualTo("s");
        talk.model.lastMessages = null;
        JsonNode raw = posted("/api/generate", "{\"prompt\":\"as it stands\",\"raw\":true,\"stream\":false}");
        assertThat(raw.at("/response").stringValue()).isEqualTo("as it stands");
        assertThat(talk.model.lastMessages).isNull();
        assertThat(posted("/api/generate", "{\"model\":\"scripted\"}")
                        .at("/done_reason")
                        .stringValue())
                .isEqualTo("load");
    }

    @Test
    void shouldTellOfModelsAsOllamaDoes() throws Exception {
        assertThat(Talk.tree(talk.get("/api/tags")).at("/models/0/name").stringValue())
                .isEqualTo("scripted");
        assertThat(Talk.tree(talk.get("/api/ps")).at("/models/0/context_length").intValue())
                .isEqualTo(ScriptedModel.CONTEXT);
        assertThat(Talk.tree(talk.get("/api/version")).at("/version").stringValue())
                .isNotBlank();
        assertThat(posted("/api/show", "{\"model\":\"scripted:latest\"}")
                        .at("/capabilities")
                        .toString())
                .isEqualTo("[\"completion\",\"tools\",\"embedding\"]");
        assertThat(talk.post("/api/show", "{\"model\":\"other\"}").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        /v1/messages  | {"messages":[{"role":"user","content":"a"}]}                                      | max_tokens
        /v1/messages  | {"max_tokens":1,"messages":[]}                                                    | messages
        /v1/messages  | {"max_tokens":1,"messages":[{"role":"system","content":"a"}]}                     | role
        /v1/messages  | {"max_tokens":1,"messages":[{"role":"user","content":[{"type":"image"}]}]}        | type
        /v1/messages  | {"max_tokens":1,"messages":[{"role":"user","content":"a"}],"tool_choice":{"type":"x"}} | type
        /v1/responses | {}                                                                                | input
        /v1/responses | {"input":"a","previous_response_id":"r"}                                          | previous_response_id
        /v1/responses | {"input":"a","background":true}                                                   | background
        /v1/responses | {"input":[{"type":"item_reference","id":"a"}]}                                    | type
        /v1/responses | {"input":"a","tools":[{"type":"web_search"}]}                                     | type
        /api/chat     | {"messages":[{"role":"user","content":"a","images":["x"]}]}                       | images
        /api/chat     | {"messages":[{"content":"a"}]}                                                    | role
        /api/generate | {"prompt":"a","suffix":"b"}                                                       | suffix
        /api/generate | {"prompt":"a","format":"xml"}                                                     | format
        """)
    void shouldRefuseByName(String path, String body, String name) throws Exception {
        HttpResponse<String> response = talk.post(path, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(response.body()).contains(name);
    }

    @Test
    void shouldTellErrorsInTheTongueOfThePath() throws Exception {
        talk.model.failure = new IllegalStateException("secret");
        String anthropic = "{\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]";
        JsonNode error = Talk.tree(talk.post(MESSAGES, anthropic + "}"));
        assertThat(error.at("/type").stringValue()).isEqualTo("error");
        assertThat(error.at("/error/type").stringValue()).isEqualTo("api_error");
        assertThat(talk.post(MESSAGES, anthropic + ",\"stream\":true}").body())
                .contains("event: error\ndata: {\"type\":\"error\"")
                .doesNotContain("message_stop", "secret");
        JsonNode failed = Talk.events(talk.post(RESPONSES, "{\"input\":\"a\",\"stream\":true}"))
                .getLast();
        assertThat(failed.at("/type").stringValue()).isEqualTo("error");
        String ollama = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]";
        assertThat(Talk.tree(talk.post("/api/chat", ollama + ",\"stream\":false}"))
                        .at("/error")
                        .stringValue())
                .contains("internal error");
        assertThat(talk.post("/api/chat", ollama + "}").body())
                .contains("{\"error\":")
                .doesNotContain("\"done\":true");
        talk.model.failure = null;
        talk.model.queueLimit = 0;
        HttpResponse<String> full = talk.post(MESSAGES, anthropic + "}");
        assertThat(full.statusCode()).isEqualTo(429);
        assertThat(full.headers().firstValue("retry-after")).isPresent();
        assertThat(Talk.tree(full).at("/error/type").stringValue()).isEqualTo("rate_limit_error");
        talk.model.queueLimit = Integer.MAX_VALUE;
        assertThat(Talk.tree(talk.post("/api/chat", "{\"model\":\"other\"," + ollama.substring(1) + "}"))
                        .at("/error")
                        .stringValue())
                .contains("no such model");
        assertThat(talk.post("/api/chat", "{").body()).startsWith("{\"error\":\"");
    }

    @Test
    void shouldTakeAnthropicsKeyHeaderForTheSameTenant() throws Exception {
        try (Talk locked = new Talk(o -> o.withAccess(List.of("k1", "k2"), false, Optional.empty()))) {
            String body = "{\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";
            HttpResponse<String> stranger =
                    locked.send(locked.json(MESSAGES, body).header("x-api-key", "k3"));
            assertThat(stranger.statusCode()).isEqualTo(401);
            assertThat(Talk.tree(stranger).at("/error/type").stringValue()).isEqualTo("authentication_error");
            assertThat(locked.post("/api/chat", "{}").statusCode()).isEqualTo(401);
            assertThat(locked.get("/api/tags").statusCode()).isEqualTo(401);
            assertThat(locked.send(locked.json(MESSAGES, body).header("x-api-key", "k1"))
                            .statusCode())
                    .isEqualTo(200);
            String byHeader = locked.model.last.tenant();
            locked.send(locked.json(MESSAGES, body).header("Authorization", "Bearer k1"));
            assertThat(locked.model.last.tenant()).isEqualTo(byHeader);
            // who brings both is known by the one that let it in
            HttpResponse<String> both = locked.send(locked.json(MESSAGES, body)
                    .header("Authorization", "Bearer k2")
                    .header("x-api-key", "k1"));
            assertThat(both.statusCode()).isEqualTo(200);
            assertThat(locked.model.last.tenant()).isNotEqualTo(byHeader);
            assertThat(locked.send(locked.json(MESSAGES, body)
                                    .header("Authorization", "Basic k1")
                                    .header("x-api-key", "k1"))
                            .statusCode())
                    .isEqualTo(401);
        }
    }

    private static String texts(List<JsonNode> events, String at) {
        return events.stream().map(e -> e.at(at).stringValue("")).collect(Collectors.joining());
    }
}
