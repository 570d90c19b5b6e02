// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/**
 * Spring AI's chats by a model in this process: no server. Thread-safe; borrows the model, whose owner closes it. A stream
 * asks the model for no more than is asked of it, and one that is cancelled ends its answer. Fails as
 * {@link Model#generate} does; {@code UnsupportedOperationException} for tools and for anything but text. An output schema among the options is held to by every token.
 */
public final class JayChatModel implements ChatModel {
    private final Model model;
    private final ChatOptions defaults;

    private JayChatModel(Model model, ChatOptions defaults) {
        this.model = model;
        this.defaults = defaults;
    }

    public static JayChatModel of(Model model) {
        return new JayChatModel(model, ChatOptions.builder().build());
    }

    /** For prompts that do not say otherwise. */
    public JayChatModel withDefaults(ChatOptions options) {
        return new JayChatModel(model, options);
    }

    @Override
    public ChatOptions getOptions() {
        return defaults;
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        try (dev.jay.engine.Generation answer = model.generate(request(prompt))) {
            return response(id(), answer.text(), answer.finish());
        }
    }

    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.using(
                        () -> model.generate(request(prompt)),
                        answer -> told(id(), answer),
                        dev.jay.engine.Generation::close)
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** The pieces, and a last response with how it ended and what it took. */
    private Flux<ChatResponse> told(String id, dev.jay.engine.Generation answer) {
        return Flux.fromIterable(answer)
                .filter(piece -> !piece.text().isEmpty())
                .map((Piece piece) -> new ChatResponse(
                        List.of(new Generation(new AssistantMessage(piece.text()))),
                        ChatResponseMetadata.builder()
                                .id(id)
                                .model(model.name())
                                .build()))
                .concatWith(Flux.defer(() -> Flux.just(response(id, "", answer.finish()))));
    }

    private static String id() {
        return "jay-" + UUID.randomUUID();
    }

    private Request request(Prompt prompt) {
        ChatOptions o = prompt.getOptions() == null ? defaults : prompt.getOptions();
        if (o instanceof ToolCallingChatOptions t
                && t.getToolCallbacks() != null
                && !t.getToolCallbacks().isEmpty()) {
            throw new UnsupportedOperationException("tools are not supported");
        }
        Sampling s = Sampling.DEFAULT;
        s = s.withTemperature(or(o.getTemperature(), defaults.getTemperature(), s.temperature()));
        s = s.withTopP(or(o.getTopP(), defaults.getTopP(), s.topP()));
        s = s.withTopK(or(o.getTopK(), defaults.getTopK(), s.topK()));
        s = s.withFrequencyPenalty(or(o.getFrequencyPenalty(), defaults.getFrequencyPenalty(), 0.0));
        s = s.withPresencePenalty(or(o.getPresencePenalty(), defaults.getPresencePenalty(), 0.0));
        Request request = Request.of(model.chatPrompt(prompt.getInstructions().stream()
                        .map(JayChatModel::message)
                        .toList()))
                .withSampling(s)
                .withStops(or(o.getStopSequences(), defaults.getStopSequences(), List.of()));
        if (o instanceof StructuredOutputChatOptions structured && structured.getOutputSchema() != null) {
            request = request.withGrammar(Grammar.ofJsonSchema(structured.getOutputSchema()));
        }
        Integer most = or(o.getMaxTokens(), defaults.getMaxTokens(), null);
        return most == null ? request : request.withMaxTokens(most);
    }

    private static <T> T or(T asked, T usual, T otherwise) {
        return asked != null ? asked : usual != null ? usual : otherwise;
    }

    private static Message message(org.springframework.ai.chat.messages.Message message) {
        if (message instanceof UserMessage user && !user.getMedia().isEmpty()) {
            throw new UnsupportedOperationException("only text is supported");
        }
        if (message instanceof ToolResponseMessage results) {
            StringBuilder text = new StringBuilder();
            results.getResponses().forEach(r -> text.append(r.responseData()));
            return new Message("tool", text.toString());
        }
        String text = message.getText();
        return new Message(message.getMessageType().getValue(), text == null ? "" : text);
    }

    private ChatResponse response(String id, String text, Finish finish) {
        String reason = finish.reason() == FinishReason.LENGTH
                ? "length"
                : finish.reason().name().toLowerCase(Locale.ROOT);
        Generation one = new Generation(
                new AssistantMessage(text),
                ChatGenerationMetadata.builder().finishReason(reason).build());
        DefaultUsage usage =
                new DefaultUsage(finish.usage().promptTokens(), finish.usage().completionTokens());
        return new ChatResponse(
                List.of(one),
                ChatResponseMetadata.builder()
                        .id(id)
                        .model(model.name())
                        .usage(usage)
                        .build());
    }
}
