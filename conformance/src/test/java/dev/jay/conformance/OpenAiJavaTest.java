// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.completions.CompletionCreateParams;
import java.io.IOException;
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
        return OpenAIOkHttpClient.builder()
                .baseUrl(served.url())
                .apiKey(key)
                .maxRetries(0)
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
}
