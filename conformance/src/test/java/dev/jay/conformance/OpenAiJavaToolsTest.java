// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionMessageFunctionToolCall;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The official Java client asks for JSON of a schema and for calls; the model's weights are random, so the masks do it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiJavaToolsTest {
    private static final Map<String, Object> POINT = Map.of(
            "type",
            "object",
            "properties",
            Map.of("n", Map.of("type", "integer", "minimum", 0, "maximum", 99)),
            "required",
            List.of("n"),
            "additionalProperties",
            false);
    private static final String ARGUMENTS = "\\{\\s*\"n\": ?\\d{1,2}\\s*\\}";

    private Served served;
    private OpenAIClient client;

    @BeforeAll
    void serve() throws IOException {
        served = new Served();
        client = OpenAIOkHttpClient.builder()
                .baseUrl(served.url())
                .apiKey(Served.KEY)
                .maxRetries(0)
                .build();
    }

    @AfterAll
    void stop() throws IOException {
        client.close();
        served.close();
    }

    private ChatCompletionCreateParams.Builder question() {
        return ChatCompletionCreateParams.builder()
                .model(served.model())
                .addUserMessage("Go.")
                .maxCompletionTokens(100)
                .putAdditionalBodyProperty("seed", JsonValue.from(1))
                .temperature(1);
    }

    private ChatCompletionCreateParams.Builder withTool() {
        FunctionParameters.Builder parameters = FunctionParameters.builder();
        POINT.forEach((name, value) -> parameters.putAdditionalProperty(name, JsonValue.from(value)));
        return question()
                .addTool(ChatCompletionFunctionTool.builder()
                        .function(FunctionDefinition.builder()
                                .name("go")
                                .strict(true)
                                .parameters(parameters.build())
                                .build())
                        .build())
                .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                .parallelToolCalls(false);
    }

    @Test
    void answersShouldBeOfTheSchema() {
        ResponseFormatJsonSchema.JsonSchema.Schema.Builder schema =
                ResponseFormatJsonSchema.JsonSchema.Schema.builder();
        POINT.forEach((name, value) -> schema.putAdditionalProperty(name, JsonValue.from(value)));
        ChatCompletion reply = client.chat()
                .completions()
                .create(question()
                        .responseFormat(ResponseFormatJsonSchema.builder()
                                .jsonSchema(ResponseFormatJsonSchema.JsonSchema.builder()
                                        .name("point")
                                        .strict(true)
                                        .schema(schema.build())
                                        .build())
                                .build())
                        .build());
        assertThat(reply.choices().getFirst().message().content().orElseThrow()).matches(ARGUMENTS);
        assertThat(reply.choices().getFirst().finishReason().asString()).isEqualTo("stop");
    }

    @Test
    void aCallThatIsRequiredShouldComeWholeAndStreamed() {
        ChatCompletion reply = client.chat().completions().create(withTool().build());
        assertThat(reply.choices().getFirst().finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
        ChatCompletionMessageFunctionToolCall call = reply.choices()
                .getFirst()
                .message()
                .toolCalls()
                .orElseThrow()
                .getFirst()
                .asFunction();
        assertThat(call.function().name()).isEqualTo("go");
        assertThat(call.function().arguments()).matches(ARGUMENTS);

        ChatCompletionAccumulator sum = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(withTool().build())) {
            stream.stream().forEach(sum::accumulate);
        }
        ChatCompletion streamed = sum.chatCompletion();
        assertThat(streamed.choices()
                        .getFirst()
                        .message()
                        .toolCalls()
                        .orElseThrow()
                        .getFirst()
                        .asFunction()
                        .function())
                .isEqualTo(call.function());

        ChatCompletion after = client.chat()
                .completions()
                .create(question()
                        .addMessage(reply.choices().getFirst().message())
                        .addMessage(ChatCompletionToolMessageParam.builder()
                                .toolCallId(call.id())
                                .content("done")
                                .build())
                        .maxCompletionTokens(4)
                        .build());
        assertThat(after.choices()).hasSize(1);
    }
}
