// SPDX-License-Identifier: Apache-2.0
package dev.jay.springai;

import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.chat.AnswerDelta;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.AnswerSoFar;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/** One answer while it comes: thinking, text and calls, as Spring AI's responses. */
final class Answer {
    /** Under this name a part tells what more was thought, and a whole message all of it. */
    static final String THINKING = "thinking";

    private final String modelName;
    private final String id = "jay-" + UUID.randomUUID();
    private final AnswerSoFar said;

    Answer(String modelName, AnswerFormat format) {
        this.modelName = modelName;
        said = new AnswerSoFar(format);
    }

    /** Takes more of what the model wrote; returns what has become certain. */
    AnswerDelta next(String more) {
        return said.next(more);
    }

    /** What had been held back. */
    AnswerDelta finish() {
        return said.finish();
    }

    /** More text or thinking; calls are told whole, by {@link #last}. */
    ChatResponse part(AnswerDelta delta) {
        ChatGenerationMetadata metadata = delta.reasoning().isEmpty()
                ? ChatGenerationMetadata.NULL
                : ChatGenerationMetadata.builder()
                        .metadata(THINKING, delta.reasoning())
                        .build();
        return new ChatResponse(
                List.of(new Generation(new AssistantMessage(delta.content()), metadata)),
                ChatResponseMetadata.builder().id(id).model(modelName).build());
    }

    /** All that was said. */
    ChatResponse whole(Finish finish) {
        return response(said.text(), finish);
    }

    /** What the parts did not tell: calls, all that was thought, how it ended and what it took. */
    ChatResponse last(Finish finish) {
        return response("", finish);
    }

    private ChatResponse response(String content, Finish finish) {
        List<AssistantMessage.ToolCall> calls = new ArrayList<>();
        for (int i = 0; i < said.calls(); i++) {
            AnswerDelta.Call call = said.call(i);
            calls.add(new AssistantMessage.ToolCall(call.id(), "function", call.name(), call.arguments()));
        }
        AssistantMessage message = AssistantMessage.builder()
                .content(content)
                .toolCalls(calls)
                .properties(said.thinking().isEmpty() ? Map.of() : Map.of(THINKING, said.thinking()))
                .build();
        DefaultUsage usage =
                new DefaultUsage(finish.usage().promptTokens(), finish.usage().completionTokens());
        ChatGenerationMetadata ended =
                ChatGenerationMetadata.builder().finishReason(reason(finish)).build();
        return new ChatResponse(
                List.of(new Generation(message, ended)),
                ChatResponseMetadata.builder()
                        .id(id)
                        .model(modelName)
                        .usage(usage)
                        .build());
    }

    private String reason(Finish finish) {
        if (finish.reason() == FinishReason.STOP && said.calls() > 0) return "tool_calls";
        return finish.reason().name().toLowerCase(Locale.ROOT);
    }
}
