// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.Model;
import dev.jay.model.load.SynthFiles;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.store.embedding.CosineSimilarity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LangChain4j's interfaces on a small model of random weights, in this process. */
class LangChain4jTest {
    private static final ChatRequestParameters GREEDY =
            ChatRequestParameters.builder().temperature(0.0).maxOutputTokens(12).build();

    @TempDir
    private static Path folder;

    private static Model model;

    @BeforeAll
    static void open() throws IOException {
        // descriptions of tools are long
        model = Model.open(SynthFiles.write(folder.resolve("model.gguf"), Map.of("llama.context_length", 4096L)));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /** What is streamed, collected. */
    private static final class Collected implements StreamingChatResponseHandler {
        private final StringBuffer text = new StringBuffer();
        private final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        private final List<ToolExecutionRequest> calls = new CopyOnWriteArrayList<>();
        private final BiConsumer<PartialResponse, PartialResponseContext> each;

        Collected(BiConsumer<PartialResponse, PartialResponseContext> each) {
            this.each = each;
        }

        @Override
        public void onPartialResponse(PartialResponse partial, PartialResponseContext context) {
            text.append(partial.text());
            each.accept(partial, context);
        }

        @Override
        public void onCompleteToolCall(CompleteToolCall call) {
            calls.add(call.toolExecutionRequest());
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            whole.complete(response);
        }

        @Override
        public void onError(Throwable error) {
            whole.completeExceptionally(error);
        }
    }

    @Test
    void shouldChatAndStreamTheSame() throws Exception {
        ChatRequest request = ChatRequest.builder()
                .messages(SystemMessage.from("You are terse."), UserMessage.from("Say something."))
                .build();
        ChatResponse whole = JayChatModel.of(model).withDefaults(GREEDY).chat(request);
        assertThat(whole.aiMessage().text()).isNotEmpty();
        assertThat(whole.modelName()).isEqualTo(model.name());
        assertThat(whole.tokenUsage().outputTokenCount()).isEqualTo(12);
        assertThat(whole.finishReason()).isEqualTo(FinishReason.LENGTH);
        Collected streamed = new Collected((piece, context) -> {});
        JayStreamingChatModel.of(model).withDefaults(GREEDY).chat(request, streamed);
        ChatResponse last = streamed.whole.get(30, TimeUnit.SECONDS);
        assertThat(streamed.text).hasToString(whole.aiMessage().text());
        assertThat(last.aiMessage()).isEqualTo(whole.aiMessage());
        assertThat(last.tokenUsage()).isEqualTo(whole.tokenUsage());
    }

    @Test
    void shouldEndAnAnswerThatIsCancelled() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        Collected streamed = new Collected((piece, context) -> {
            context.streamingHandle().cancel();
            cancelled.countDown();
        });
        JayStreamingChatModel.of(model)
                .withDefaults(
                        ChatRequestParameters.builder().maxOutputTokens(400).build())
                .chat("Say something.", streamed);
        assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 500 && model.status().running() > 0; i++) Thread.sleep(10);
        assertThat(model.status().running()).isZero();
        assertThat(streamed.whole).isNotDone();
    }

    @Test
    void shouldTellWhatTheHandlerThrows() {
        Collected streamed = new Collected((piece, context) -> {
            throw new IllegalStateException("the handler's own");
        });
        JayStreamingChatModel.of(model).withDefaults(GREEDY).chat("Say something.", streamed);
        assertThatThrownBy(() -> streamed.whole.get(30, TimeUnit.SECONDS)).hasMessageContaining("the handler's own");
    }

    @Test
    void shouldRefuseInTypesTheFrameworkKnows() {
        JayChatModel chat = JayChatModel.of(model);
        assertThatThrownBy(() -> chat.chat(ChatRequest.builder()
                        .messages(UserMessage.from("a"))
                        .maxOutputTokens(100_000)
                        .build()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("100000");
        assertThatThrownBy(() -> chat.chat(ChatRequest.builder()
                        .messages(UserMessage.from("a"))
                        .temperature(-1.0)
                        .build()))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> chat.chat(UserMessage.from(ImageContent.from("http://localhost/a.png"))))
                .isInstanceOf(UnsupportedFeatureException.class);
        Collected streamed = new Collected((piece, context) -> {});
        JayStreamingChatModel.of(model)
                .chat(
                        ChatRequest.builder()
                                .messages(UserMessage.from("a"))
                                .maxOutputTokens(100_000)
                                .build(),
                        streamed);
        assertThatThrownBy(streamed.whole::join).hasCauseInstanceOf(InvalidRequestException.class);
    }

    private static ChatRequest.Builder withTool() {
        return ChatRequest.builder()
                .messages(UserMessage.from("How is the sky?"))
                .toolSpecifications(ToolSpecification.builder()
                        .name("sky")
                        .description("How the sky is.")
                        .parameters(JsonObjectSchema.builder()
                                .addEnumProperty("at", List.of("dawn", "noon"))
                                .required("at")
                                .additionalProperties(false)
                                .build())
                        .build());
    }

    @Test
    void shouldCallAToolAndTakeItsResult() throws Exception {
        ChatRequest asked = withTool()
                .toolChoice(ToolChoice.REQUIRED)
                .temperature(0.0)
                .maxOutputTokens(300)
                .build();
        JayChatModel chat = JayChatModel.of(model);
        AiMessage said = chat.chat(asked).aiMessage();
        assertThat(said.toolExecutionRequests()).isNotEmpty();
        ToolExecutionRequest call = said.toolExecutionRequests().getFirst();
        assertThat(call.name()).isEqualTo("sky");
        assertThat(call.arguments()).matches("\\{\\s*\"at\"\\s*:\\s*\"(dawn|noon)\"\\s*\\}");
        Collected streamed = new Collected((piece, context) -> {});
        JayStreamingChatModel.of(model).chat(asked, streamed);
        AiMessage last = streamed.whole.get(30, TimeUnit.SECONDS).aiMessage();
        assertThat(last.toolExecutionRequests()).isNotEmpty();
        assertThat(streamed.calls).containsExactlyElementsOf(last.toolExecutionRequests());
        ChatResponse next = chat.chat(ChatRequest.builder()
                .messages(UserMessage.from("How is the sky?"), said, ToolExecutionResultMessage.from(call, "blue"))
                .maxOutputTokens(5)
                .build());
        assertThat(next.aiMessage().hasToolExecutionRequests()).isFalse();
        ChatResponse none = chat.chat(
                withTool().toolChoice(ToolChoice.NONE).maxOutputTokens(5).build());
        assertThat(none.aiMessage().hasToolExecutionRequests()).isFalse();
    }

    private static ChatRequest under(JsonSchemaElement schema) {
        return ChatRequest.builder()
                .messages(UserMessage.from("How is it?"))
                .maxOutputTokens(200)
                .responseFormat(ResponseFormat.builder()
                        .type(ResponseFormatType.JSON)
                        .jsonSchema(JsonSchema.builder()
                                .name("state")
                                .rootElement(schema)
                                .build())
                        .build())
                .build();
    }

    @Test
    void shouldAnswerAsASchemaSays() {
        JayChatModel chat = JayChatModel.of(model);
        assertThat(chat.supportedCapabilities()).contains(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
        JsonSchemaElement mood = JsonObjectSchema.builder()
                .addEnumProperty("mood", List.of("calm", "wild"))
                .required("mood")
                .additionalProperties(false)
                .build();
        assertThat(chat.chat(under(mood)).aiMessage().text()).matches("\\{\\s*\"mood\"\\s*:\\s*\"(calm|wild)\"\\s*\\}");
        assertThatThrownBy(() -> chat.chat(under(JsonRawSchema.from("{\"type\":\"nothing\"}"))))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void shouldEmbed() {
        JayEmbeddingModel embeddings = JayEmbeddingModel.of(model);
        List<Embedding> vectors = embeddings
                .embedAll(List.of(TextSegment.from("Once upon a time"), TextSegment.from("Say something.")))
                .content();
        assertThat(vectors).hasSize(2).allMatch(v -> v.dimension() == embeddings.dimension());
        assertThat(CosineSimilarity.between(
                        vectors.getFirst(), embeddings.embed("Once upon a time").content()))
                .isCloseTo(1, within(1e-3));
    }

    @Test
    void shouldCountWhatItWouldBeGiven() {
        JayTokenCountEstimator tokens = JayTokenCountEstimator.of(model);
        List<dev.langchain4j.data.message.ChatMessage> said =
                List.of(UserMessage.from("Say something."), AiMessage.from("Something."), UserMessage.from("Again."));
        ChatResponse reply = JayChatModel.of(model)
                .withDefaults(GREEDY)
                .chat(ChatRequest.builder().messages(said).build());
        assertThat(tokens.estimateTokenCountInMessages(said))
                .isEqualTo(reply.tokenUsage().inputTokenCount());
        assertThat(tokens.estimateTokenCountInMessage(said.getFirst()))
                .isGreaterThan(tokens.estimateTokenCountInText("Say something."));
    }
}
