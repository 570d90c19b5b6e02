// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An answer with thinking, text and two calls, as each tongue tells it: whole and in parts it says the same. */
class VoicesTest {
    private static final String[] DELTAS = {
        "{\"role\":\"assistant\",\"content\":\"\"}",
        "{\"reasoning_content\":\"hm\"}",
        "{\"reasoning_content\":\"m\"}",
        "{\"content\":\"I \"}",
        "{\"content\":\"look\"}",
        "{\"tool_calls\":[{\"index\":0,\"id\":\"c0\",\"type\":\"function\",\"function\":{\"name\":\"sky\",\"arguments\":\"\"}}]}",
        "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"at\\\":\"}}]}",
        "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"7}\"}}]}",
        "{\"tool_calls\":[{\"index\":1,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"sea\",\"arguments\":\"{}\"}}]}"
    };
    private static final String USAGE = "{\"prompt_tokens\":9,\"completion_tokens\":5,\"total_tokens\":14,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":4}}";
    private static final String WHOLE =
            "{\"choices\":[{\"index\":0,\"finish_reason\":\"tool_calls\",\"message\":{\"role\":\"assistant\",\"reasoning_content\":\"hmm\",\"content\":\"I"
                + " look\",\"tool_calls\":["
                + "{\"id\":\"c0\",\"type\":\"function\",\"function\":{\"name\":\"sky\",\"arguments\":\"{\\\"at\\\":7}\"}},"
                + "{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"sea\",\"arguments\":\"{}\"}}]}}],"
                + "\"usage\":" + USAGE + "}";

    private static List<JsonNode> streamed(Voice voice) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        EventStream events = new EventStream(out, voice.framing());
        for (String delta : DELTAS) {
            voice.chunk(
                    Json.object("{\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":null}]}"),
                    events);
        }
        voice.chunk(Json.object("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}"), events);
        voice.chunk(Json.object("{\"choices\":[],\"usage\":" + USAGE + "}"), events);
        voice.end(events);
        Stream<String> lines = out.toString(StandardCharsets.UTF_8).lines();
        return voice.framing() == EventStream.Framing.LINES
                ? lines.map(Talk.JSON::readTree).toList()
                : lines.filter(l -> l.startsWith("data: "))
                        .map(l -> Talk.JSON.readTree(l.substring(6)))
                        .toList();
    }

    @Test
    void anthropicShouldTellBlocks() {
        ObjectNode whole = new AnthropicVoice("m", 9).whole(Json.object(WHOLE));
        assertThat(whole.at("/content").toString())
                .isEqualTo("[{\"type\":\"thinking\",\"thinking\":\"hmm\",\"signature\":\"\"},"
                        + "{\"type\":\"text\",\"text\":\"I look\"},"
                        + "{\"type\":\"tool_use\",\"id\":\"c0\",\"name\":\"sky\",\"input\":{\"at\":7}},"
                        + "{\"type\":\"tool_use\",\"id\":\"c1\",\"name\":\"sea\",\"input\":{}}]");
        assertThat(whole.at("/stop_reason").stringValue()).isEqualTo("tool_use");
        assertThat(whole.at("/usage/input_tokens").intValue()).isEqualTo(5);
        assertThat(whole.at("/usage/cache_read_input_tokens").intValue()).isEqualTo(4);

        List<JsonNode> events = streamed(new AnthropicVoice("m", 9));
        assertThat(events.stream()
                        .filter(e -> e.at("/type").stringValue().equals("content_block_start"))
                        .map(e -> e.at("/index").intValue() + " "
                                + e.at("/content_block/type").stringValue()))
                .containsExactly("0 thinking", "1 text", "2 tool_use", "3 tool_use");
        assertThat(deltas(events, 0, "/delta/thinking")).isEqualTo("hmm");
        assertThat(deltas(events, 1, "/delta/text")).isEqualTo("I look");
        assertThat(deltas(events, 2, "/delta/partial_json")).isEqualTo("{\"at\":7}");
        assertThat(events.get(events.size() - 2).at("/delta/stop_reason").stringValue())
                .isEqualTo("tool_use");
        assertThat(events.stream().filter(e -> e.at("/type").stringValue().equals("content_block_stop")))
                .hasSize(4);
    }

    private static String deltas(List<JsonNode> events, int index, String at) {
        StringBuilder text = new StringBuilder();
        for (JsonNode e : events) {
            if (e.at("/index").intValue(-1) == index) text.append(e.at(at).stringValue(""));
        }
        return text.toString();
    }

    @Test
    void responsesShouldTellItems() {
        Fields asked = new Fields(Json.object("{\"tools\":[],\"parallel_tool_calls\":false}"), "");
        ObjectNode whole = new ResponsesVoice("m", asked).whole(Json.object(WHOLE));
        List<JsonNode> events = streamed(new ResponsesVoice("m", asked));
        JsonNode last = events.getLast().at("/response");
        for (JsonNode reply : List.of(whole, last)) {
            assertThat(reply.at("/status").stringValue()).isEqualTo("completed");
            assertThat(reply.at("/parallel_tool_calls").booleanValue()).isFalse();
            assertThat(reply.at("/output").size()).isEqualTo(4);
            assertThat(reply.at("/output/0/content/0/text").stringValue()).isEqualTo("hmm");
            assertThat(reply.at("/output/1/content/0/text").stringValue()).isEqualTo("I look");
            assertThat(reply.at("/output/2/call_id").stringValue()).isEqualTo("c0");
            assertThat(reply.at("/output/2/arguments").stringValue()).isEqualTo("{\"at\":7}");
            assertThat(reply.at("/output/3/name").stringValue()).isEqualTo("sea");
            assertThat(reply.at("/usage/input_tokens_details/cached_tokens").intValue())
                    .isEqualTo(4);
        }
        StringBuilder arguments = new StringBuilder();
        for (JsonNode e : events) {
            if (e.at("/type").stringValue().equals("response.function_call_arguments.delta")
                    && e.at("/output_index").intValue() == 2)
                arguments.append(e.at("/delta").stringValue());
        }
        assertThat(arguments).hasToString("{\"at\":7}");
        // every item that is told to begin is told to end, under the same name
        List<String> added = ids(events, "response.output_item.added");
        assertThat(added).hasSize(4).doesNotHaveDuplicates().isEqualTo(ids(events, "response.output_item.done"));
    }

    private static List<String> ids(List<JsonNode> events, String type) {
        return events.stream()
                .filter(e -> e.at("/type").stringValue().equals(type))
                .map(e -> e.at("/item/id").stringValue())
                .toList();
    }

    @Test
    void ollamaShouldTellCallsAsValues() {
        ObjectNode whole = new OllamaVoice("m", false).whole(Json.object(WHOLE));
        assertThat(whole.at("/message/thinking").stringValue()).isEqualTo("hmm");
        assertThat(whole.at("/message/tool_calls").toString())
                .isEqualTo("[{\"function\":{\"name\":\"sky\",\"arguments\":{\"at\":7}}},"
                        + "{\"function\":{\"name\":\"sea\",\"arguments\":{}}}]");
        List<JsonNode> lines = streamed(new OllamaVoice("m", false));
        assertThat(lines.get(lines.size() - 2).at("/message/tool_calls")).isEqualTo(whole.at("/message/tool_calls"));
        assertThat(lines.getLast().at("/done").booleanValue()).isTrue();
        assertThat(lines.getLast().at("/prompt_eval_count").intValue()).isEqualTo(9);
    }

    @Test
    void whatIsNoObjectShouldBeNobodysArguments() {
        assertThat(Chats.arguments("[1]").isEmpty()).isTrue();
        assertThat(Chats.arguments("{\"a\":").isEmpty()).isTrue();
    }
}
