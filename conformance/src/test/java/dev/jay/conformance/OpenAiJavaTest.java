// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionToolChoiceOption;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The official Java client chats and streams. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiJavaTest {
    private Served served;
    private OpenAIClient client;

    @BeforeAll
    void serve() throws IOException {
        served = new Served();
        client = client(Served.KEY);
    }

    @AfterAll
    void stop() throws IOException {
        client.close();
        served.close();
    }

    private OpenAIClient client(String key) {
        return client(served, key, 0);
    }

    private static OpenAIClient client(Served server, String key, int retries) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(server.url())
                .apiKey(key)
                .maxRetries(retries)
                .build();
    }

    private ChatCompletionCreateParams.Builder question() {
        return ChatCompletionCreateParams.builder()
                .model(served.model())
                .addUserMessage("Say something.")
                .maxCompletionTokens(12)
                .temperature(0);
    }

    @Test
    void shouldAnswer() {
        ChatCompletion reply = client.chat().completions().create(question().build());
        assertThat(reply.id()).isNotBlank();
        assertThat(reply.choices()).hasSize(1);
        assertThat(reply.choices().getFirst().finishReason().asString()).isIn("stop", "length");
        assertThat(reply.usage().orElseThrow().completionTokens()).isPositive();
    }

    @Test
    void severalAnswersShouldCostOnePrompt() {
        long before = served.promptTokensRun();
        ChatCompletion reply = client.chat()
                .completions()
                .create(question()
                        .addUserMessage("a word ".repeat(30))
                        .n(6)
                        .maxCompletionTokens(4)
                        .temperature(1)
                        .build());
        assertThat(reply.choices()).hasSize(6);
        long prompt = reply.usage().orElseThrow().promptTokens();
        long run = served.promptTokensRun() - before;
        assertThat(prompt).isGreaterThan(100);
        // each ends its prompt by itself: a token, or what is left of a stride
        assertThat(run).isBetween(prompt / 2, prompt + 5 * 32);
    }

    @Test
    void shouldStreamTheSameText() {
        String whole = client.chat()
                .completions()
                .create(question().build())
                .choices()
                .getFirst()
                .message()
                .content()
                .orElseThrow();
        ChatCompletionAccumulator sum = ChatCompletionAccumulator.create();
        String streamed;
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(question().build())) {
            streamed = stream.stream()
                    .peek(sum::accumulate)
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .collect(Collectors.joining());
        }
        assertThat(streamed).isEqualTo(whole);
        assertThat(sum.chatCompletion().choices().getFirst().message().content())
                .contains(whole);
    }

    @Test
    void shouldCompleteText() {
        var reply = client.completions()
                .create(CompletionCreateParams.builder()
                        .model(served.model())
                        .prompt("Once")
                        .maxTokens(8)
                        .temperature(0)
                        .build());
        assertThat(reply.choices()).hasSize(1);
        assertThat(reply.choices().getFirst().text()).isNotNull();
    }

    @Test
    void shouldListModels() {
        var models = client.models().list().data();
        assertThat(models).hasSize(1);
        assertThat(client.models().retrieve(models.getFirst().id()).id())
                .isEqualTo(models.getFirst().id());
    }

    @Test
    void shouldRefuseInTypesTheClientKnows() {
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(question().temperature(-1).build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("temperature");
        OpenAIClient stranger = client("wrong");
        assertThatThrownBy(() -> stranger.models().list()).isInstanceOf(UnauthorizedException.class);
        stranger.close();
    }

    @Test
    void shouldCallATool() {
        FunctionParameters parameters = FunctionParameters.builder()
                .putAdditionalProperty("type", JsonValue.from("object"))
                .putAdditionalProperty(
                        "properties", JsonValue.from(Map.of("at", Map.of("enum", List.of("dawn", "noon")))))
                .putAdditionalProperty("required", JsonValue.from(List.of("at")))
                .putAdditionalProperty("additionalProperties", JsonValue.from(false))
                .build();
        ChatCompletionCreateParams asked = question()
                .maxCompletionTokens(200)
                .addFunctionTool(FunctionDefinition.builder()
                        .name("sky")
                        .parameters(parameters)
                        .build())
                .toolChoice(ChatCompletionToolChoiceOption.Auto.REQUIRED)
                .parallelToolCalls(false)
                .build();
        var choice = client.chat().completions().create(asked).choices().getFirst();
        assertThat(choice.finishReason().asString()).isEqualTo("tool_calls");
        var calls = choice.message().toolCalls().orElseThrow();
        assertThat(calls).hasSize(1);
        assertThat(calls.getFirst().asFunction().function().name()).isEqualTo("sky");
        assertThat(calls.getFirst().asFunction().function().arguments())
                .matches("\\{\\s*\"at\"\\s*:\\s*\"(dawn|noon)\"\\s*\\}");
        ChatCompletionAccumulator sum = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(asked)) {
            stream.stream().forEach(sum::accumulate);
        }
        assertThat(sum.chatCompletion()
                        .choices()
                        .getFirst()
                        .message()
                        .toolCalls()
                        .orElseThrow())
                .hasSize(1);
    }

    @Test
    void shouldRespond() {
        ResponseCreateParams asked = ResponseCreateParams.builder()
                .model(served.model())
                .instructions("You are terse.")
                .input("Say something.")
                .maxOutputTokens(12)
                .temperature(0)
                .build();
        Response whole = client.responses().create(asked);
        assertThat(whole.usage().orElseThrow().outputTokens()).isPositive();
        String text = whole.output().getFirst().asMessage().content().stream()
                .map(part -> part.asOutputText().text())
                .collect(Collectors.joining());
        StringBuilder streamed = new StringBuilder();
        ResponseAccumulator sum = ResponseAccumulator.create();
        try (StreamResponse<ResponseStreamEvent> stream = client.responses().createStreaming(asked)) {
            stream.stream().forEach(event -> {
                sum.accumulate(event);
                event.outputTextDelta().ifPresent(delta -> streamed.append(delta.delta()));
            });
        }
        assertThat(streamed).hasToString(text);
        assertThat(sum.response().output()).hasSameSizeAs(whole.output());
    }

    @Test
    void shouldEmbed() {
        EmbeddingCreateParams asked = EmbeddingCreateParams.builder()
                .model(served.model())
                .inputOfArrayOfStrings(List.of("Once upon a time", "Say something."))
                .build();
        CreateEmbeddingResponse reply = client.embeddings().create(asked);
        assertThat(reply.data()).hasSize(2);
        List<Float> vector = reply.data().getFirst().embedding();
        double length = vector.stream().mapToDouble(v -> (double) v * v).sum();
        assertThat(length).isCloseTo(1, within(1e-3));
        assertThat(reply.usage().promptTokens()).isPositive();
    }

    @Test
    void shouldEndAnAnswerThatIsLeft() throws InterruptedException {
        try (StreamResponse<ChatCompletionChunk> stream = client.chat()
                .completions()
                .createStreaming(question().maxCompletionTokens(400).build())) {
            assertThat(stream.stream().findFirst()).isPresent();
        }
        served.awaitIdle();
    }

    @Test
    void shouldBeTriedAgainWhenFull() throws Exception {
        try (Served one = new Served(o -> o.withLimits(o.bodyBytes(), o.headerBytes(), Duration.ofSeconds(60), 1)
                .withPerKey(1))) {
            OpenAIClient patient = client(one, Served.KEY, 5);
            OpenAIClient hasty = client(one, Served.KEY, 0);
            ChatCompletionCreateParams asked = question().model(one.model()).build();
            try (Held held = new Held(one)) {
                assertThatThrownBy(() -> hasty.chat().completions().create(asked))
                        .isInstanceOf(RateLimitException.class);
                held.letGoIn(300, TimeUnit.MILLISECONDS);
                assertThat(patient.chat().completions().create(asked).choices()).hasSize(1);
            }
            patient.close();
            hasty.close();
        }
    }
}
