// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.grammar.Grammar;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ServerTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private static Talk talk;

    @BeforeAll
    static void start() throws Exception {
        talk = new Talk(o -> o);
    }

    @AfterAll
    static void stop() {
        talk.close();
    }

    @Test
    void shouldAnswerAChat() throws Exception {
        HttpResponse<String> response = talk.post(
                CHAT,
                "{\"model\":\"scripted\",\"messages\":[{\"role\":\"developer\",\"content\":\"be brief\"},"
                    + "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hel\"},{\"type\":\"text\",\"text\":\"lo\"}]}],"
                    + "\"seed\":3,\"temperature\":0.5,\"user\":\"ann\",\"no_such_field\":{\"a\":1}}");
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode reply = Talk.tree(response);
        assertThat(reply.at("/id").stringValue()).startsWith("chatcmpl-");
        assertThat(reply.at("/object").stringValue()).isEqualTo("chat.completion");
        assertThat(reply.at("/created").longValue()).isPositive();
        assertThat(reply.at("/model").stringValue()).isEqualTo("scripted");
        assertThat(reply.at("/choices/0/message/role").stringValue()).isEqualTo("assistant");
        assertThat(reply.at("/choices/0/message/content").stringValue()).isEqualTo("hello");
        assertThat(reply.at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
        assertThat(reply.at("/usage/prompt_tokens").intValue()).isEqualTo(6);
        assertThat(reply.at("/usage/total_tokens").intValue()).isEqualTo(12);
        assertThat(response.headers().firstValue("x-request-id")).isPresent();
        assertThat(talk.model.lastMessages.getFirst().role()).isEqualTo("system");
        assertThat(talk.model.last.sampling().seed()).hasValue(3);
        assertThat(talk.model.last.sampling().temperature()).isEqualTo(0.5);
        assertThat(talk.model.last.maxTokens()).isEmpty();
    }

    @Test
    void shouldTellTheEngineWhatAnAnswerMustBe() throws Exception {
        String messages = "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],";
        String schema = "{\"type\":\"object\",\"properties\":{\"b\":{},\"a\":{}}}";
        for (String body : List.of(
                "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"strict\":true,\"schema\":" + schema
                        + "}}}",
                "\"response_format\":{\"type\":\"json_schema\",\"schema\":" + schema + "}}",
                "\"response_format\":{\"type\":\"json_object\",\"schema\":" + schema + "}}",
                "\"json_schema\":" + schema + "}")) {
            assertThat(talk.post(CHAT, messages + body).statusCode()).as(body).isEqualTo(200);
            assertThat(talk.model.last.grammar().orElseThrow().source()).contains(schema);
        }
        talk.post(CHAT, messages + "\"response_format\":{\"type\":\"json_object\"}}");
        assertThat(talk.model.last.grammar().orElseThrow().source()).contains("json-schema: {");
        talk.post(CHAT, messages + "\"response_format\":{\"type\":\"text\"}}");
        assertThat(talk.model.last.grammar()).isEmpty();
        talk.post(COMPLETIONS, "{\"prompt\":\"x\",\"grammar\":\"root ::= [a-c]+\"}");
        assertThat(talk.model.last.grammar()).contains(Grammar.ofGbnf("root ::= [a-c]+"));
        talk.post(COMPLETIONS, "{\"prompt\":\"x\",\"regex\":\"[a-c]+\"}");
        assertThat(talk.model.last.grammar()).contains(Grammar.ofRegex("[a-c]+"));
    }

    @Test
    void shouldStreamAChat() throws Exception {
        HttpResponse<String> response = talk.post(
                CHAT,
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}],\"stream\":true,"
                        + "\"stream_options\":{\"include_usage\":true},\"max_completion_tokens\":4}");
        assertThat(response.headers().firstValue("content-type").orElse("")).startsWith("text/event-stream");
        assertThat(response.body()).endsWith("data: [DONE]\n\n");
        List<JsonNode> events = Talk.events(response);
        assertThat(events.getFirst().at("/choices/0/delta/role").stringValue()).isEqualTo("assistant");
        assertThat(text(events, "/choices/0/delta/content")).isEqualTo("hell");
        JsonNode ending = events.get(events.size() - 2);
        assertThat(ending.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
        assertThat(events.getLast().at("/choices").size()).isZero();
        assertThat(events.getLast().at("/usage/completion_tokens").intValue()).isEqualTo(4);
        assertThat(events.stream().map(e -> e.at("/id").stringValue()).distinct())
                .hasSize(1);
        assertThat(events).allMatch(e -> e.at("/object").stringValue().equals("chat.completion.chunk"));
    }

    @Test
    void shouldCompleteTextsAndTokens() throws Exception {
        JsonNode one = Talk.tree(talk.post(COMPLETIONS, "{\"prompt\":\"abc\"}"));
        assertThat(one.at("/object").stringValue()).isEqualTo("text_completion");
        assertThat(one.at("/choices/0/text").stringValue()).isEqualTo("abc");
        assertThat(talk.model.last.maxTokens()).hasValue(16);
        JsonNode two = Talk.tree(talk.post(COMPLETIONS, "{\"prompt\":[\"ab\",\"cd\"]}"));
        assertThat(two.at("/choices/1/text").stringValue()).isEqualTo("cd");
        assertThat(two.at("/choices/1/index").intValue()).isEqualTo(1);
        JsonNode ids = Talk.tree(talk.post(COMPLETIONS, "{\"prompt\":[104,105]}"));
        assertThat(ids.at("/choices/0/text").stringValue()).isEqualTo("hi");
        assertThat(talk.model.last.prompt()).containsExactly(104, 105);
        JsonNode lists = Talk.tree(talk.post(COMPLETIONS, "{\"prompt\":[[104],[105]]}"));
        assertThat(lists.at("/choices").size()).isEqualTo(2);
    }

    @Test
    void shouldStreamSeveralCompletionsAtOnce() throws Exception {
        List<JsonNode> events =
                Talk.events(talk.post(COMPLETIONS, "{\"prompt\":[\"abcdef\",\"uvw\"],\"stream\":true,\"stop\":\"x\"}"));
        for (int i = 0; i < 2; i++) {
            int index = i;
            List<JsonNode> mine = events.stream()
                    .filter(e -> e.at("/choices/0/index").intValue() == index)
                    .toList();
            assertThat(text(mine, "/choices/0/text")).isEqualTo(i == 0 ? "abcdef" : "uvw");
            assertThat(mine.getLast().at("/choices/0/finish_reason").stringValue())
                    .isEqualTo("stop");
        }
        assertThat(talk.model.last.stops()).containsExactly("x");
    }

    @Test
    void shouldListLogprobs() throws Exception {
        JsonNode chat = Talk.tree(talk.post(
                CHAT, "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"logprobs\":true,\"top_logprobs\":2}"));
        JsonNode content = chat.at("/choices/0/logprobs/content");
        assertThat(content.size()).isEqualTo(2); // what ended the answer is no text and not listed
        assertThat(content.at("/0/token").stringValue()).isEqualTo("h");
        assertThat(content.at("/0/logprob").doubleValue()).isEqualTo(-0.5);
        assertThat(content.at("/0/bytes/0").intValue()).isEqualTo('h');
        assertThat(content.at("/0/top_logprobs/1/token").stringValue()).isEqualTo("B");
        JsonNode text = Talk.tree(talk.post(COMPLETIONS, "{\"prompt\":\"hi\",\"logprobs\":2}"));
        assertThat(text.at("/choices/0/logprobs/tokens/1").stringValue()).isEqualTo("i");
        assertThat(text.at("/choices/0/logprobs/text_offset/1").intValue()).isEqualTo(1);
        assertThat(text.at("/choices/0/logprobs/top_logprobs/0/B").doubleValue())
                .isEqualTo(-1.5);
    }

    @Test
    void shouldTellModelsTokensHealthAndMetrics() throws Exception {
        assertThat(Talk.tree(talk.get("/v1/models")).at("/data/0/id").stringValue())
                .isEqualTo("scripted");
        assertThat(Talk.tree(talk.get("/v1/models/scripted")).at("/object").stringValue())
                .isEqualTo("model");
        assertThat(talk.get("/v1/models/other").statusCode()).isEqualTo(404);
        JsonNode tokens = Talk.tree(talk.post("/tokenize", "{\"content\":\"hi\",\"with_pieces\":true}"));
        assertThat(tokens.at("/tokens").toString()).isEqualTo("[256,104,105]");
        assertThat(tokens.at("/pieces/1").stringValue()).isEqualTo("h");
        JsonNode bare = Talk.tree(talk.post("/tokenize", "{\"prompt\":\"hi\",\"add_special_tokens\":false}"));
        assertThat(bare.at("/tokens").toString()).isEqualTo("[104,105]");
        assertThat(Talk.tree(talk.post("/detokenize", "{\"tokens\":[104,105]}"))
                        .at("/content")
                        .stringValue())
                .isEqualTo("hi");
        assertThat(Talk.tree(talk.get("/health")).at("/status").stringValue()).isEqualTo("ok");
        assertThat(talk.get("/metrics").body())
                .contains("jay_http_requests_total{path=\"/tokenize\",status=\"200\"}")
                .contains("jay_kv_pages{model=\"scripted\"} 10.0");
    }

    private static String text(List<JsonNode> events, String at) {
        return events.stream().map(e -> e.at(at).stringValue("")).collect(Collectors.joining());
    }
}
