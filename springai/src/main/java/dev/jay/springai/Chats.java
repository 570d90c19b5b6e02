// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import dev.jay.engine.AnswerFormats;
import dev.jay.engine.Conversation;
import dev.jay.engine.Generation;
import dev.jay.engine.Message;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.Tool;
import dev.jay.engine.chat.ToolCall;
import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.sample.grammar.GrammarException;
import dev.jay.springai.JayChatOptions.ToolChoice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;

/** Spring AI's prompts as Jay's requests. */
final class Chats {
    private static final String ANY_OBJECT = "{\"type\":\"object\"}";

    private final Model model;
    private final AnswerFormats formats;

    /** An answer that has begun, and how to take it apart. */
    record Begun(Generation generation, Answer answer) implements AutoCloseable {
        @Override
        public void close() {
            generation.close();
        }
    }

    Chats(Model model) {
        this.model = model;
        formats = new AnswerFormats(model);
    }

    Begun start(Prompt asked, JayChatOptions defaults) {
        ChatOptions o = asked.getOptions() == null ? defaults : asked.getOptions();
        ToolChoice choice = or(o instanceof JayChatOptions own ? own.getToolChoice() : null, defaults.getToolChoice());
        List<Tool> tools = choice == ToolChoice.NONE ? List.of() : tools(o, defaults);
        int[] prompt = model.chatPrompt(new Conversation(
                asked.getInstructions().stream().flatMap(Chats::messages).toList(), tools, Map.of()));
        AnswerFormat format = formats.of(prompt, true, !tools.isEmpty());
        Request request = formats.reading(request(o, defaults, prompt), format);
        Optional<Grammar> content = grammar(o, defaults);
        if (!tools.isEmpty()) {
            boolean must = choice == ToolChoice.REQUIRED;
            request = request.withGrammar(format.grammar(schemas(tools), must, true, content));
        } else if (content.isPresent()) {
            request = request.withGrammar(format.grammar(content.get()));
        }
        return new Begun(model.generate(request), new Answer(model.name(), format));
    }

    /** The prompt's own, or else those for every prompt. */
    private static List<Tool> tools(ChatOptions asked, JayChatOptions defaults) {
        List<ToolCallback> own = asked instanceof ToolCallingChatOptions o ? o.getToolCallbacks() : null;
        List<ToolCallback> offered = own == null || own.isEmpty() ? defaults.getToolCallbacks() : own;
        if (offered == null) return List.of();
        ToolCallingChatOptions.validateToolCallbacks(offered);
        return offered.stream().map(c -> tool(c.getToolDefinition())).toList();
    }

    private static Tool tool(ToolDefinition asked) {
        String schema = asked.inputSchema();
        return new Tool(
                asked.name(),
                or(asked.description(), ""),
                schema == null || schema.isBlank() ? Tool.NO_PARAMETERS : schema);
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

    /** What the answer must be, where the prompt says so. */
    private static Optional<Grammar> grammar(ChatOptions asked, JayChatOptions defaults) {
        String own = asked instanceof StructuredOutputChatOptions o ? o.getOutputSchema() : null;
        return Optional.ofNullable(or(own, defaults.getOutputSchema())).map(Grammar::ofJsonSchema);
    }

    private static Request request(ChatOptions o, ChatOptions defaults, int[] prompt) {
        Sampling s = Sampling.DEFAULT;
        s = s.withTemperature(or(o.getTemperature(), or(defaults.getTemperature(), s.temperature())));
        s = s.withTopP(or(o.getTopP(), or(defaults.getTopP(), s.topP())));
        s = s.withTopK(or(o.getTopK(), or(defaults.getTopK(), s.topK())));
        s = s.withFrequencyPenalty(or(o.getFrequencyPenalty(), or(defaults.getFrequencyPenalty(), 0.0)));
        s = s.withPresencePenalty(or(o.getPresencePenalty(), or(defaults.getPresencePenalty(), 0.0)));
        Request request = Request.of(prompt)
                .withSampling(s)
                .withStops(or(o.getStopSequences(), or(defaults.getStopSequences(), List.of())));
        Integer most = or(o.getMaxTokens(), defaults.getMaxTokens());
        return most == null ? request : request.withMaxTokens(most);
    }

    private static <T> T or(T asked, T otherwise) {
        return asked != null ? asked : otherwise;
    }

    /** One for each result of a call, and else one. */
    private static Stream<Message> messages(org.springframework.ai.chat.messages.Message message) {
        return switch (message) {
            case ToolResponseMessage results ->
                results.getResponses().stream().map(r -> Message.tool(or(r.id(), ""), or(r.responseData(), "")));
            case AssistantMessage said -> Stream.of(assistant(said));
            case UserMessage user
            when !user.getMedia().isEmpty() -> throw new UnsupportedOperationException("only text is supported");
            default -> Stream.of(new Message(message.getMessageType().getValue(), or(message.getText(), "")));
        };
    }

    private static Message assistant(AssistantMessage said) {
        List<ToolCall> calls = said.getToolCalls().stream()
                .map(c -> new ToolCall(or(c.id(), ""), c.name(), c.arguments()))
                .toList();
        String thinking = said.getMetadata().get(Answer.THINKING) instanceof String thought ? thought : "";
        return Message.assistant(or(said.getText(), "")).withCalls(calls).withReasoning(thinking);
    }
}
