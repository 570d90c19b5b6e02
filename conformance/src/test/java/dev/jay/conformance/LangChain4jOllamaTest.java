// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.ollama.OllamaChatModel;
import dev.langchain4j.model.ollama.OllamaEmbeddingModel;
import dev.langchain4j.model.ollama.OllamaLanguageModel;
import dev.langchain4j.model.ollama.OllamaModels;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** LangChain4j's client for Ollama. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LangChain4jOllamaTest {
    private static final String QUESTION = "Say something.";
    private static final Map<String, String> KEY = Map.of("Authorization", "Bearer " + Served.KEY);
    private Served served;

    @BeforeAll
    void serve() throws IOException {
        served = new Served();
    }

    @AfterAll
    void stop() throws IOException {
        served.close();
    }

    private static OllamaChatModel.OllamaChatModelBuilder chat(Served served) {
        return OllamaChatModel.builder()
                .baseUrl(served.root())
                .customHeaders(KEY)
                .modelName(served.model())
                .temperature(0.0)
                .numPredict(12)
                .maxRetries(0);
    }

    private static OllamaStreamingChatModel.OllamaStreamingChatModelBuilder streaming(Served served) {
        return OllamaStreamingChatModel.builder()
                .baseUrl(served.root())
                .customHeaders(KEY)
                .modelName(served.model())
                .temperature(0.0)
                .numPredict(12);
    }

    @Test
    void shouldChatAndStreamTheSame() throws Exception {
        ChatResponse whole = chat(served).build().chat(Collected.user(QUESTION));
        assertThat(whole.modelName()).isEqualTo(served.model());
        assertThat(whole.finishReason()).isIn(FinishReason.STOP, FinishReason.LENGTH);
        assertThat(whole.tokenUsage().outputTokenCount()).isPositive();
        Collected streamed = new Collected(Integer.MAX_VALUE);
        streaming(served).build().chat(QUESTION, streamed);
        ChatResponse last = streamed.response();
        assertThat(streamed.text()).isEqualTo(whole.aiMessage().text());
        assertThat(last.tokenUsage().totalTokenCount())
                .isEqualTo(whole.tokenUsage().totalTokenCount());
    }

    @Test
    void shouldCompleteText() {
        OllamaLanguageModel model = OllamaLanguageModel.builder()
                .baseUrl(served.root())
                .customHeaders(KEY)
                .modelName(served.model())
                .numPredict(8)
                .maxRetries(0)
                .build();
        assertThat(model.generate("Once").tokenUsage().outputTokenCount()).isPositive();
    }

    @Test
    void shouldTakeToolsAndTheirResults() {
        ToolExecutionRequest call = ToolExecutionRequest.builder()
                .id("c")
                .name("sky")
                .arguments("{\"at\":\"noon\"}")
                .build();
        ChatRequest asked = Collected.userWithTool(QUESTION)
                .messages(
                        UserMessage.from(QUESTION), AiMessage.from(call), ToolExecutionResultMessage.from(call, "blue"))
                .build();
        assertThat(chat(served).build().chat(asked).tokenUsage().outputTokenCount())
                .isPositive();
    }

    @Test
    void shouldAnswerAsASchemaSays() {
        String text = chat(served)
                .numPredict(200)
                .supportedCapabilities(Capability.RESPONSE_FORMAT_JSON_SCHEMA)
                .build()
                .chat(Collected.userUnderSchema(QUESTION))
                .aiMessage()
                .text();
        assertThat(text).matches("\\{\\s*\"mood\"\\s*:\\s*\"(calm|wild)\"\\s*\\}");
    }

    @Test
    void shouldEmbed() {
        OllamaEmbeddingModel model = OllamaEmbeddingModel.builder()
                .baseUrl(served.root())
                .customHeaders(KEY)
                .modelName(served.model())
                .maxRetries(0)
                .build();
        List<Embedding> vectors = model.embedAll(List.of(TextSegment.from("Once"), TextSegment.from(QUESTION)))
                .content();
        assertThat(vectors).hasSize(2);
        assertThat(vectors.getFirst().dimension()).isPositive();
    }

    @Test
    void shouldTellOfItsModels() throws IOException {
        // this part of the client brings no key
        try (Served open = new Served(o -> o.withAccess(List.of(), false, Optional.empty()))) {
            OllamaModels models =
                    OllamaModels.builder().baseUrl(open.root()).maxRetries(0).build();
            String name = models.availableModels().content().getFirst().getName();
            assertThat(name).isEqualTo(open.model());
            assertThat(models.modelCard(name).content().getDetails().getFormat())
                    .isEqualTo("gguf");
            assertThat(models.runningModels().content()).hasSize(1);
        }
    }

    @Test
    void shouldRefuseInTypesTheClientKnows() {
        assertThatThrownBy(() -> chat(served).temperature(-1.0).build().chat(QUESTION))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("temperature");
        assertThatThrownBy(() -> chat(served).modelName("absent").build().chat(QUESTION))
                .isInstanceOf(ModelNotFoundException.class);
        assertThatThrownBy(() -> chat(served).customHeaders(Map.of()).build().chat(QUESTION))
                .isInstanceOf(AuthenticationException.class);
    }

    @Test
    void shouldEndAnAnswerThatIsCancelled() throws Exception {
        Collected streamed = new Collected(1);
        streaming(served).numPredict(400).build().chat(QUESTION, streamed);
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
