// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.ContextFullException;
import dev.jay.engine.Model;
import dev.jay.model.load.SynthFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.model.tool.ToolExecutionResult;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;

/** Spring AI's interfaces on a small model of random weights, in this process. */
class SpringAiTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ChatOptions GREEDY =
            ChatOptions.builder().temperature(0.0).maxTokens(12).build();

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

    @Test
    void shouldChatAndStreamTheSame() {
        JayChatModel chat = JayChatModel.of(model).withDefaults(GREEDY);
        Prompt prompt = new Prompt(new SystemMessage("You are terse."), new UserMessage("Say something."));
        ChatResponse whole = chat.call(prompt);
        String text = whole.getResult().getOutput().getText();
        assertThat(text).isNotEmpty();
        assertThat(whole.getMetadata().getUsage().getCompletionTokens()).isEqualTo(12);
        assertThat(whole.getResult().getMetadata().getFinishReason()).isEqualTo("length");
        List<ChatResponse> parts = chat.stream(prompt).collectList().block(PATIENCE);
        assertThat(parts.stream().map(p -> p.getResult().getOutput().getText()).collect(Collectors.joining()))
                .isEqualTo(text);
        ChatResponse last = parts.getLast();
        assertThat(last.getResult().getMetadata().getFinishReason()).isEqualTo("length");
        assertThat(last.getMetadata().getUsage().getTotalTokens())
                .isEqualTo(whole.getMetadata().getUsage().getTotalTokens());
        assertThat(parts.stream().map(p -> p.getMetadata().getId()).distinct()).hasSize(1);
    }

    @Test
    void shouldLetAPromptSayOtherwise() {
        JayChatModel chat = JayChatModel.of(model).withDefaults(GREEDY);
        ChatResponse reply = chat.call(
                new Prompt("Say something.", ChatOptions.builder().maxTokens(3).build()));
        assertThat(reply.getMetadata().getUsage().getCompletionTokens()).isEqualTo(3);
        assertThatThrownBy(() -> chat.call(new Prompt(
                        "Say something.",
                        ChatOptions.builder().maxTokens(100_000).build())))
                .isInstanceOf(ContextFullException.class);
        assertThatThrownBy(() -> chat.stream(new Prompt(
                                "Say something.",
                                ChatOptions.builder().maxTokens(100_000).build()))
                        .blockLast(PATIENCE))
                .isInstanceOf(ContextFullException.class);
    }

    @Test
    void shouldAnswerAsASchemaSays() {
        ChatOptions options = StructuredOutputChatOptions.builder()
                .outputSchema("{\"type\":\"object\",\"properties\":{\"mood\":{\"enum\":[\"calm\",\"wild\"]}},"
                        + "\"required\":[\"mood\"],\"additionalProperties\":false}")
                .maxTokens(200)
                .build();
        ChatResponse reply = JayChatModel.of(model).call(new Prompt("How is it?", options));
        assertThat(reply.getResult().getOutput().getText()).matches("\\{\\s*\"mood\"\\s*:\\s*\"(calm|wild)\"\\s*\\}");
    }

    private static final String SKY = "{\"type\":\"object\",\"properties\":{\"at\":{\"enum\":[\"dawn\",\"noon\"]}},"
            + "\"required\":[\"at\"],\"additionalProperties\":false}";

    /** A tool that is called like this, and how often it ran. */
    private static final class Sky implements ToolCallback {
        private final AtomicInteger ran = new AtomicInteger();

        @Override
        public ToolDefinition getToolDefinition() {
            return ToolDefinition.builder()
                    .name("sky")
                    .description("How the sky is.")
                    .inputSchema(SKY)
                    .build();
        }

        @Override
        public String call(String input) {
            ran.incrementAndGet();
            return "blue";
        }
    }

    @Test
    void shouldCallAToolAndTakeItsResult() {
        Sky sky = new Sky();
        JayChatOptions must = JayChatOptions.builder()
                .toolCallbacks(sky)
                .toolChoice(JayChatOptions.ToolChoice.REQUIRED)
                .temperature(0.0)
                .maxTokens(300)
                .build();
        JayChatModel chat = JayChatModel.of(model);
        Prompt asked = new Prompt(List.of(new UserMessage("How is the sky?")), must);
        ChatResponse said = chat.call(asked);
        assertThat(said.hasToolCalls()).isTrue();
        List<AssistantMessage.ToolCall> calls = said.getResult().getOutput().getToolCalls();
        assertThat(calls.getFirst().name()).isEqualTo("sky");
        assertThat(calls.getFirst().arguments()).matches("\\{\\s*\"at\"\\s*:\\s*\"(dawn|noon)\"\\s*\\}");
        assertThat(sky.ran).as("running it is the caller's").hasValue(0);

        AtomicReference<ChatResponse> streamed = new AtomicReference<>();
        new MessageAggregator().aggregate(chat.stream(asked), streamed::set).blockLast(PATIENCE);
        AssistantMessage told = streamed.get().getResult().getOutput();
        assertThat(told.getToolCalls())
                .extracting(AssistantMessage.ToolCall::name, AssistantMessage.ToolCall::arguments)
                .containsExactlyElementsOf(
                        calls.stream().map(c -> tuple(c.name(), c.arguments())).toList());
        assertThat(streamed.get().getResult().getMetadata().getFinishReason())
                .isEqualTo(said.getResult().getMetadata().getFinishReason());

        ToolExecutionResult result = ToolCallingManager.builder().build().executeToolCalls(asked, said);
        assertThat(sky.ran).hasValue(calls.size());
        ChatOptions few = ChatOptions.builder().maxTokens(5).build();
        ChatResponse next = chat.call(new Prompt(result.conversationHistory(), few));
        assertThat(next.hasToolCalls()).isFalse();
        assertThat(next.getMetadata().getUsage().getPromptTokens())
                .as("the call and its result are told")
                .isGreaterThan(chat.call(new Prompt(new UserMessage("How is the sky?"), few))
                        .getMetadata()
                        .getUsage()
                        .getPromptTokens());
    }

    @Test
    void shouldOfferToolsAmongTheOptionsUnlessToldNotTo() {
        int plain = promptTokens(JayChatModel.of(model), GREEDY);
        ChatOptions tools = ToolCallingChatOptions.builder()
                .toolCallbacks(new Sky())
                .maxTokens(2)
                .build();
        int offered = promptTokens(JayChatModel.of(model), tools);
        assertThat(offered).isGreaterThan(plain);
        JayChatModel usual = JayChatModel.of(model).withDefaults(tools);
        assertThat(promptTokens(usual, GREEDY)).isEqualTo(offered);
        assertThat(promptTokens(usual, usual.getOptions())).isEqualTo(offered);
        ChatOptions none = JayChatOptions.builder()
                .toolChoice(JayChatOptions.ToolChoice.NONE)
                .build();
        assertThat(promptTokens(usual, none)).isEqualTo(plain);
        assertThatThrownBy(() -> promptTokens(
                        usual,
                        ToolCallingChatOptions.builder()
                                .toolCallbacks(new Sky(), new Sky())
                                .build()))
                .hasMessageContaining("sky");
    }

    private static int promptTokens(JayChatModel chat, ChatOptions options) {
        return chat.call(new Prompt("How is the sky?", options))
                .getMetadata()
                .getUsage()
                .getPromptTokens();
    }

    @Test
    void shouldKeepEveryOptionWhenChangedOrCombined() {
        JayChatOptions all = JayChatOptions.builder()
                .temperature(0.5)
                .topK(3)
                .maxTokens(7)
                .stopSequences(List.of("x"))
                .toolCallbacks(new Sky())
                .outputSchema(SKY)
                .toolChoice(JayChatOptions.ToolChoice.NONE)
                .build();
        assertThat(all.mutate().build()).isEqualTo(all).hasSameHashCodeAs(all);
        assertThat(JayChatOptions.builder().combineWith(all.mutate()).build()).isEqualTo(all);
        assertThat(all.mutate().toolChoice(null).build()).isNotEqualTo(all);
        assertThat(JayChatOptions.builder()
                        .combineWith(StructuredOutputChatOptions.builder().outputSchema(SKY))
                        .build()
                        .getOutputSchema())
                .isEqualTo(SKY);
    }

    @Test
    void shouldEndAnAnswerThatIsCancelled() throws InterruptedException {
        Prompt prompt = new Prompt(
                "Say something.", ChatOptions.builder().maxTokens(400).build());
        assertThat(JayChatModel.of(model).stream(prompt).take(1).blockLast(PATIENCE))
                .isNotNull();
        for (int i = 0; i < 500 && model.status().running() > 0; i++) Thread.sleep(10);
        assertThat(model.status().running()).isZero();
    }

    @Test
    void shouldEmbed() {
        JayEmbeddingModel embeddings = JayEmbeddingModel.of(model);
        EmbeddingResponse reply = embeddings.embedForResponse(List.of("Once upon a time", "Say something."));
        assertThat(reply.getResults()).hasSize(2);
        float[] vector = reply.getResults().getFirst().getOutput();
        assertThat(vector).hasSize(embeddings.dimensions());
        assertThat(reply.getMetadata().getUsage().getPromptTokens()).isPositive();
        float[] again = embeddings.embed(new Document("Once upon a time"));
        double cosine = 0;
        for (int i = 0; i < vector.length; i++) cosine += (double) vector[i] * again[i];
        assertThat(cosine).isCloseTo(1, within(1e-3));
    }
}
