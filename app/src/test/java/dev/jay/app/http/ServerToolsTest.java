// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.Message;
import dev.jay.engine.chat.ToolCall;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Tools, calls and thinking of a chat, by a model that says its prompt again. */
class ServerToolsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String TOOLS = """
        [{"type":"function","function":{"name":"weather","description":"d","strict":true,
          "parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}},
         {"type":"function","function":{"name":"clock"}}]\
        """;
    private static final String CALLS =
            "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\":\"Oslo\"}}\n</tool_call>\n"
                    + "<tool_call>\n{\"name\": \"clock\", \"arguments\": {}}\n</tool_call>";
    private static Talk talk;

    @BeforeAll
    static void start() throws Exception {
        talk = new Talk(o -> o);
    }

    @AfterAll
    static void stop() {
        talk.close();
    }

    private static String body(String says, String more) {
        ObjectNode body = JSON.createObjectNode();
        body.putArray("messages").addObject().put("role", "user").put("content", says);
        String text = body.toString();
        return text.substring(0, text.length() - 1) + (more.isEmpty() ? "" : "," + more) + "}";
    }

    private static JsonNode post(String body) throws Exception {
        HttpResponse<String> response = talk.post(CHAT, body);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return Talk.tree(response);
    }

    @Test
    void callsShouldBeTakenOutOfAnAnswer() throws Exception {
        JsonNode choice = post(body("<think>\nwell\n</think>\n\nI look.\n" + CALLS, "\"tools\":" + TOOLS))
                .at("/choices/0");
        assertThat(choice.at("/finish_reason").stringValue()).isEqualTo("tool_calls");
        assertThat(choice.at("/message/content").stringValue()).isEqualTo("I look.");
        assertThat(choice.at("/message/reasoning_content").stringValue()).isEqualTo("well");
        JsonNode calls = choice.at("/message/tool_calls");
        assertThat(calls.size()).isEqualTo(2);
        assertThat(calls.at("/0/id").stringValue())
                .hasSize(9)
                .isNotEqualTo(calls.at("/1/id").stringValue());
        assertThat(calls.at("/0/type").stringValue()).isEqualTo("function");
        assertThat(calls.at("/0/function/name").stringValue()).isEqualTo("weather");
        assertThat(calls.at("/0/function/arguments").stringValue()).isEqualTo("{\"city\":\"Oslo\"}");
        assertThat(calls.at("/1/function/arguments").stringValue()).isEqualTo("{}");
        assertThat(talk.model.lastConversation.tools()).hasSize(2);
        assertThat(talk.model.last.grammar()).isPresent();
        assertThat(post(body(CALLS, "\"tools\":" + TOOLS))
                        .at("/choices/0/message/content")
                        .isNull())
                .isTrue();
    }

    @Test
    void callsShouldBeStreamedInPieces() throws Exception {
        HttpResponse<String> response =
                talk.post(CHAT, body("<think>a b</think>Look:\n" + CALLS, "\"stream\":true,\"tools\":" + TOOLS));
        List<JsonNode> deltas = Talk.events(response).stream()
                .map(e -> e.at("/choices/0/delta"))
                .toList();
        assertThat(joined(deltas, "/reasoning_content")).isEqualTo("a b");
        assertThat(joined(deltas, "/content")).isEqualTo("Look:");
        StringBuilder[] arguments = {new StringBuilder(), new StringBuilder()};
        String[] names = new String[2];
        int pieces = 0;
        for (JsonNode delta : deltas) {
            for (JsonNode call : delta.path("tool_calls")) {
                int index = call.at("/index").intValue();
                if (call.has("id")) names[index] = call.at("/function/name").stringValue();
                arguments[index].append(call.at("/function/arguments").stringValue());
                pieces++;
            }
        }
        assertThat(names).containsExactly("weather", "clock");
        assertThat(arguments[0]).hasToString("{\"city\":\"Oslo\"}");
        assertThat(arguments[1]).hasToString("{}");
        assertThat(pieces).isGreaterThan(10);
        assertThat(Talk.events(response)
                        .getLast()
                        .at("/choices/0/finish_reason")
                        .stringValue())
                .isEqualTo("tool_calls");
    }

    private static String joined(List<JsonNode> deltas, String at) {
        return deltas.stream().map(d -> d.at(at).stringValue("")).collect(Collectors.joining());
    }

    @Test
    void callsAndResultsShouldBeHistory() throws Exception {
        post(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"r\","
                    + "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
                    + "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"sunny\"}],"
                    + "\"chat_template_kwargs\":{\"enable_thinking\":false,\"depth\":3},\"reasoning_effort\":\"low\"}");
        List<Message> messages = talk.model.lastConversation.messages();
        assertThat(messages.get(1).calls()).containsExactly(new ToolCall("c1", "f", "{\"a\":1}"));
        assertThat(messages.get(1).reasoning()).isEqualTo("r");
        assertThat(messages.get(2)).isEqualTo(Message.tool("c1", "sunny"));
        assertThat(talk.model.lastConversation.names())
                .containsEntry("enable_thinking", false)
                .containsEntry("depth", 3L)
                .containsEntry("reasoning_effort", "low");
    }

    @Test
    void theChoiceShouldDecideWhatMayBeCalled() throws Exception {
        post(body("x", "\"tools\":" + TOOLS + ",\"tool_choice\":\"none\""));
        assertThat(talk.model.lastConversation.tools()).isEmpty();
        assertThat(talk.model.last.grammar()).isEmpty();
        post(body("x", "\"tools\":" + TOOLS + ",\"tool_choice\":\"required\",\"parallel_tool_calls\":false"));
        String required = talk.model.last.grammar().orElseThrow().source();
        assertThat(required).contains("weather", "clock").doesNotContain("Many");
        post(body(
                "x",
                "\"tools\":" + TOOLS + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"clock\"}}"));
        assertThat(talk.model.last.grammar().orElseThrow().source())
                .contains("clock")
                .doesNotContain("weather");
        assertThat(talk.model.lastConversation.tools()).hasSize(2);
    }

    @Test
    void thinkingShouldStayWhereItIsAskedTo() throws Exception {
        JsonNode message =
                post(body("<think>a</think>b", "\"reasoning_format\":\"none\"")).at("/choices/0/message");
        assertThat(message.at("/content").stringValue()).isEqualTo("<think>a</think>b");
        assertThat(message.has("reasoning_content")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        tools[0].type             | "tools":[{}]
        tools[0].function         | "tools":[{"type":"function"}]
        tools[0].function.name    | "tools":[{"type":"function","function":{"name":"a b"}}]
        tools[0].function.parameters | "tools":[{"type":"function","function":{"name":"a","strict":true,"parameters":{"type":"object","not":{}}}}]
        tool_choice               | "tool_choice":"required"
        tool_choice               | "tool_choice":"perhaps"
        tool_choice.function.name | "tool_choice":{"type":"function","function":{"name":"nobody"}}
        chat_template_kwargs.messages | "chat_template_kwargs":{"messages":1}
        chat_template_kwargs.a    | "chat_template_kwargs":{"a":"<im_end>"}
        reasoning_format          | "reasoning_format":"loud"
        """)
    void shouldNameTheFieldThatIsWrong(String param, String more) throws Exception {
        HttpResponse<String> response = talk.post(CHAT, body("x", more));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(400);
        assertThat(Talk.tree(response).at("/error/param").stringValue()).isEqualTo(param);
    }

    @Test
    void aSchemaThatCannotBeHonouredShouldOnlyHinderWhereStrictnessIsAsked() throws Exception {
        post(
                body(
                        "x",
                        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":{\"type\":\"object\",\"not\":{}}}}]"));
        assertThat(talk.model.last.grammar()).isPresent();
    }
}
