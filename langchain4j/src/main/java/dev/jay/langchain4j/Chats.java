// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.AnswerFormats;
import dev.jay.engine.ContextFullException;
import dev.jay.engine.Conversation;
import dev.jay.engine.Generation;
import dev.jay.engine.GenerationException;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.NeverFitsException;
import dev.jay.engine.QueueFullException;
import dev.jay.engine.Request;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.Tool;
import dev.jay.engine.chat.ToolCall;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.sample.grammar.GrammarException;
import dev.langchain4j.agent.tool.ToolSpecification;
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
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** LangChain4j's requests as Jay's, and Jay's failures as LangChain4j's. */
final class Chats {
    private static final String ANY_OBJECT = "{\"type\":\"object\"}";

    private final Model model;
    private final AnswerFormats formats;

    /** An answer that has begun, and how to take it apart. */
    record Begun(Generation generation, Answer answer) {}

    Chats(Model model) {
        this.model = model;
        formats = new AnswerFormats(model);
    }

    Begun start(ChatRequest asked) {
        boolean calls = asked.toolChoice() != ToolChoice.NONE;
        List<Tool> tools =
                calls ? asked.toolSpecifications().stream().map(Chats::tool).toList() : List.of();
        int[] prompt = prompt(asked.messages(), tools);
        AnswerFormat format = formats.of(prompt, true, !tools.isEmpty());
        Request request = formats.reading(request(asked, prompt), format);
        Optional<Grammar> content = grammar(asked.responseFormat());
        if (!tools.isEmpty()) {
            boolean must = asked.toolChoice() == ToolChoice.REQUIRED;
            request = request.withGrammar(format.grammar(schemas(tools), must, true, content));
        } else if (content.isPresent()) {
            request = request.withGrammar(format.grammar(content.get()));
        }
        return new Begun(model.generate(request), new Answer(model.name(), format));
    }

    private static Tool tool(ToolSpecification asked) {
        String parameters = asked.parameters() == null ? Tool.NO_PARAMETERS : json(asked.parameters());
        return new Tool(asked.name(), Objects.requireNonNullElse(asked.description(), ""), parameters);
    }

    /** Arguments whose schema cannot be held to are any object. */
    private static Map<String, String> schemas(List<Tool> tools) {
        Map<String, String> schemas = new LinkedHashMap<>();
        for (Tool tool : tools) {
            String schema = tool.parameters();
            try {
                Grammar.ofJsonSchema(schema);
            } catch (GrammarException e) {
                schema = ANY_OBJECT;
            }
            schemas.put(tool.name(), schema);
        }
        return schemas;
    }

    private static String json(JsonSchemaElement schema) {
        return Json.toJson(JsonSchemaElementUtils.toMap(schema));
    }

    /** What the answer must be, where the request says so. */
    private static Optional<Grammar> grammar(ResponseFormat format) {
        if (format == null || format.type() != ResponseFormatType.JSON) return Optional.empty();
        JsonSchema schema = format.jsonSchema();
        return Optional.of(schema == null ? Grammar.ofJsonObject() : Grammar.ofJsonSchema(json(schema.rootElement())));
    }

    private static Request request(ChatRequest asked, int[] prompt) {
        Sampling s = Sampling.DEFAULT;
        if (asked.temperature() != null) s = s.withTemperature(asked.temperature());
        if (asked.topP() != null) s = s.withTopP(asked.topP());
        if (asked.topK() != null) s = s.withTopK(asked.topK());
        if (asked.frequencyPenalty() != null) s = s.withFrequencyPenalty(asked.frequencyPenalty());
        if (asked.presencePenalty() != null) s = s.withPresencePenalty(asked.presencePenalty());
        Request request = Request.of(prompt).withSampling(s);
        if (!asked.stopSequences().isEmpty()) request = request.withStops(asked.stopSequences());
        return asked.maxOutputTokens() == null ? request : request.withMaxTokens(asked.maxOutputTokens());
    }

    int[] prompt(List<ChatMessage> messages, List<Tool> tools) {
        return model.chatPrompt(
                new Conversation(messages.stream().map(Chats::message).toList(), tools, Map.of()));
    }

    private static Message message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Message.system(system.text());
            case UserMessage user -> Message.user(text(user.contents()));
            case AiMessage said -> assistant(said);
            case ToolExecutionResultMessage result ->
                new Message("tool", result.text(), List.of(), Objects.requireNonNullElse(result.id(), ""), "");
            default ->
                throw new UnsupportedFeatureException("messages of type " + message.type() + " are not supported");
        };
    }

    private static Message assistant(AiMessage said) {
        List<ToolCall> calls = said.toolExecutionRequests().stream()
                .map(c -> new ToolCall(Objects.requireNonNullElse(c.id(), ""), c.name(), c.arguments()))
                .toList();
        return new Message(
                "assistant",
                Objects.requireNonNullElse(said.text(), ""),
                calls,
                "",
                Objects.requireNonNullElse(said.thinking(), ""));
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
