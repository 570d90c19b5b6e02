// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.ContextFullException;
import dev.jay.engine.Model;
import dev.jay.model.load.Synth;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;

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
        Path file = folder.resolve("model.gguf");
        Synth.write("llama-tiny", "q8_0", 1, file);
        model = Model.open(file);
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
