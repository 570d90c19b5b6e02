// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiLanguageModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.store.embedding.CosineSimilarity;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** LangChain4j's client for OpenAI. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LangChain4jOpenAiTest {
    private static final String QUESTION = "Say something.";
    private Served served;

    @BeforeAll
    void serve() throws IOException {
        served = new Served();
    }

    @AfterAll
    void stop() throws IOException {
        served.close();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder chat(Served served) {
        return OpenAiChatModel.builder()
                .baseUrl(served.url())
                .apiKey(Served.KEY)
                .modelName(served.model())
                .temperature(0.0)
                .maxTokens(12)
                .maxRetries(0);
    }

    private static OpenAiStreamingChatModel.OpenAiStreamingChatModelBuilder streaming(Served served) {
        return OpenAiStreamingChatModel.builder()
                .baseUrl(served.url())
                .apiKey(Served.KEY)
                .modelName(served.model())
                .temperature(0.0)
                .maxTokens(12);
    }

    @Test
    void shouldChatAndStreamTheSame() throws Exception {
        ChatResponse whole = chat(served).build().chat(Collected.user(QUESTION));
        assertThat(whole.id()).startsWith("chatcmpl-");
        assertThat(whole.modelName()).isEqualTo(served.model());
        assertThat(whole.finishReason()).isIn(FinishReason.STOP, FinishReason.LENGTH);
        assertThat(whole.tokenUsage().outputTokenCount()).isPositive();
        Collected streamed = new Collected(Integer.MAX_VALUE);
        streaming(served).build().chat(QUESTION, streamed);
        ChatResponse last = streamed.response();
        assertThat(streamed.text()).isEqualTo(whole.aiMessage().text());
        assertThat(last.aiMessage().text()).isEqualTo(whole.aiMessage().text());
        assertThat(last.tokenUsage().totalTokenCount())
                .isEqualTo(whole.tokenUsage().totalTokenCount());
    }

    @Test
    void shouldCompleteText() {
        OpenAiLanguageModel model = OpenAiLanguageModel.builder()
                .baseUrl(served.url())
                .apiKey(Served.KEY)
                .modelName(served.model())
                .temperature(0.0)
                .maxRetries(0)
                .build();
        assertThat(model.generate("Once").tokenUsage().outputTokenCount()).isPositive();
    }

    @Test
    void shouldCallAToolAndTakeItsResult() throws Exception {
        ChatRequest asked = Collected.userWithTool(QUESTION)
                .toolChoice(ToolChoice.REQUIRED)
                .maxOutputTokens(200)
                .build();
        OpenAiChatModel model =
                chat(served).maxTokens(200).parallelToolCalls(false).build();
        AiMessage said = model.chat(asked).aiMessage();
        assertThat(said.toolExecutionRequests()).hasSize(1);
        ToolExecutionRequest call = said.toolExecutionRequests().getFirst();
        assertThat(call.name()).isEqualTo("sky");
        assertThat(call.arguments()).containsAnyOf("dawn", "noon");
        Collected streamed = new Collected(Integer.MAX_VALUE);
        streaming(served).maxTokens(200).parallelToolCalls(false).build().chat(asked, streamed);
        assertThat(streamed.response()
                        .aiMessage()
                        .toolExecutionRequests()
                        .getFirst()
                        .name())
                .isEqualTo("sky");
        ChatResponse next = chat(served)
                .build()
                .chat(UserMessage.from(QUESTION), said, ToolExecutionResultMessage.from(call, "blue"));
        assertThat(next.aiMessage()).isNotNull();
    }

    @Test
    void shouldAnswerAsASchemaSays() {
        String text = chat(served)
                .maxTokens(200)
                .strictJsonSchema(true)
                .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA)
                .build()
                .chat(Collected.userUnderSchema(QUESTION))
                .aiMessage()
                .text();
        assertThat(text).matches("\\{\\s*\"mood\"\\s*:\\s*\"(calm|wild)\"\\s*\\}");
    }

    @Test
    void shouldEmbed() {
        OpenAiEmbeddingModel model = OpenAiEmbeddingModel.builder()
                .baseUrl(served.url())
                .apiKey(Served.KEY)
                .modelName(served.model())
                .maxRetries(0)
                .build();
        List<Embedding> vectors = model.embedAll(List.of(TextSegment.from("Once"), TextSegment.from(QUESTION)))
                .content();
        assertThat(vectors).hasSize(2);
        assertThat(vectors.getFirst().dimension()).isPositive();
        double same = CosineSimilarity.between(model.embed("Once").content(), vectors.getFirst());
        assertThat(same).isCloseTo(1, within(1e-3)); // company may change the last bits
    }

    @Test
    void shouldRefuseInTypesTheClientKnows() {
        assertThatThrownBy(() -> chat(served).temperature(-1.0).build().chat(QUESTION))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("temperature");
        assertThatThrownBy(() -> chat(served).modelName("absent").build().chat(QUESTION))
                .isInstanceOf(ModelNotFoundException.class);
        assertThatThrownBy(() -> chat(served).apiKey("wrong").build().chat(QUESTION))
                .isInstanceOf(AuthenticationException.class);
        Collected streamed = new Collected(Integer.MAX_VALUE);
        streaming(served).apiKey("wrong").build().chat(QUESTION, streamed);
        assertThatThrownBy(streamed::response).hasRootCauseInstanceOf(dev.langchain4j.exception.HttpException.class);
    }

    @Test
    void shouldEndAnAnswerThatIsCancelled() throws Exception {
        Collected streamed = new Collected(1);
        streaming(served).maxTokens(400).build().chat(QUESTION, streamed);
        streamed.awaitCancelled();
        served.awaitIdle();
    }

    @Test
    void shouldBeTriedAgainWhenFull() throws Exception {
        try (Served one = new Served(o -> o.withLimits(o.bodyBytes(), o.headerBytes(), Duration.ofSeconds(60), 1)
                .withPerKey(1))) {
            try (Held held = new Held(one)) {
                assertThatThrownBy(() -> chat(one).build().chat(QUESTION)).isInstanceOf(RateLimitException.class);
                held.letGoIn(300, TimeUnit.MILLISECONDS);
                assertThat(chat(one).maxRetries(5).build().chat(QUESTION)).isNotNull();
            }
        }
    }
}
