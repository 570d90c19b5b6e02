// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.ContextFullException;
import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.Generation;
import dev.jay.engine.GenerationException;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.NeverFitsException;
import dev.jay.engine.QueueFullException;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.Json;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.TokenUsage;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** LangChain4j's requests as Jay's, and Jay's answers and failures as LangChain4j's. */
final class Chats {
    private final Model model;

    Chats(Model model) {
        this.model = model;
    }

    Generation start(ChatRequest request) {
        refuse(request);
        return model.generate(request(request));
    }

    private static void refuse(ChatRequest request) {
        if (!request.toolSpecifications().isEmpty()) throw new UnsupportedFeatureException("tools are not supported");
    }

    /** What the answer must be, where the request says so. */
    private static Optional<Grammar> grammar(ResponseFormat format) {
        if (format == null || format.type() != ResponseFormatType.JSON) return Optional.empty();
        JsonSchema schema = format.jsonSchema();
        if (schema == null) return Optional.of(Grammar.ofJsonObject());
        return Optional.of(Grammar.ofJsonSchema(Json.toJson(JsonSchemaElementUtils.toMap(schema.rootElement()))));
    }

    private Request request(ChatRequest asked) {
        Sampling s = Sampling.DEFAULT;
        if (asked.temperature() != null) s = s.withTemperature(asked.temperature());
        if (asked.topP() != null) s = s.withTopP(asked.topP());
        if (asked.topK() != null) s = s.withTopK(asked.topK());
        if (asked.frequencyPenalty() != null) s = s.withFrequencyPenalty(asked.frequencyPenalty());
        if (asked.presencePenalty() != null) s = s.withPresencePenalty(asked.presencePenalty());
        Request request = Request.of(prompt(asked.messages())).withSampling(s);
        if (!asked.stopSequences().isEmpty()) request = request.withStops(asked.stopSequences());
        Optional<Grammar> grammar = grammar(asked.responseFormat());
        if (grammar.isPresent()) request = request.withGrammar(grammar.get());
        return asked.maxOutputTokens() == null ? request : request.withMaxTokens(asked.maxOutputTokens());
    }

    int[] prompt(List<ChatMessage> messages) {
        return model.chatPrompt(messages.stream().map(Chats::message).toList());
    }

    private static Message message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Message.system(system.text());
            case UserMessage user -> Message.user(text(user.contents()));
            case AiMessage said -> Message.assistant(said.text() == null ? "" : said.text());
            case ToolExecutionResultMessage result -> new Message("tool", result.text());
            default ->
                throw new UnsupportedFeatureException("messages of type " + message.type() + " are not supported");
        };
    }

    private static String text(List<Content> contents) {
        StringBuilder text = new StringBuilder();
        for (Content content : contents) {
            if (!(content instanceof TextContent part)) {
                throw new UnsupportedFeatureException("only text is supported, not " + content.type());
            }
            text.append(part.text());
        }
        return text.toString();
    }

    ChatResponse response(String text, Finish finish) {
        return ChatResponse.builder()
                .id("jay-" + UUID.randomUUID())
                .modelName(model.name())
                .aiMessage(AiMessage.from(text))
                .finishReason(reason(finish.reason()))
                .tokenUsage(new TokenUsage(
                        finish.usage().promptTokens(), finish.usage().completionTokens()))
                .build();
    }

    private static dev.langchain4j.model.output.FinishReason reason(FinishReason reason) {
        return switch (reason) {
            case STOP -> dev.langchain4j.model.output.FinishReason.STOP;
            case LENGTH -> dev.langchain4j.model.output.FinishReason.LENGTH;
            case CANCELLED, FAILED -> dev.langchain4j.model.output.FinishReason.OTHER;
        };
    }

    /** The same failure in a type that LangChain4j knows what to do with. */
    static RuntimeException told(RuntimeException e) {
        return switch (e) {
            case ContextFullException full -> new InvalidRequestException(full.getMessage(), full);
            case NeverFitsException full -> new InvalidRequestException(full.getMessage(), full);
            case IllegalArgumentException wrong -> new InvalidRequestException(wrong.getMessage(), wrong);
            case UnsupportedOperationException none -> new UnsupportedFeatureException(none.getMessage());
            case QueueFullException full -> new RateLimitException(full.getMessage(), full);
            case GenerationException failed -> new InternalServerException(failed.getMessage(), failed);
            default -> e;
        };
    }
}
