// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.chat.AnswerDelta;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.AnswerReader;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** One answer while it comes: thinking, text and calls, taken apart and summed up. */
final class Answer {
    private final String modelName;
    private final AnswerReader reader;
    private final StringBuilder thinking = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<AnswerDelta.Call> begun = new ArrayList<>(); // the first of each call
    private final List<StringBuilder> arguments = new ArrayList<>();

    Answer(String modelName, AnswerFormat format) {
        this.modelName = modelName;
        reader = format.reader(() -> "call_" + UUID.randomUUID());
    }

    /** Takes more of what the model wrote; returns what has become certain. */
    AnswerDelta next(String more) {
        return take(reader.next(more));
    }

    /** What had been held back. */
    AnswerDelta finish() {
        return take(reader.finish());
    }

    private AnswerDelta take(AnswerDelta delta) {
        thinking.append(delta.reasoning());
        text.append(delta.content());
        for (AnswerDelta.Call call : delta.calls()) {
            if (call.index() == begun.size()) {
                begun.add(call);
                arguments.add(new StringBuilder());
            }
            arguments.get(call.index()).append(call.arguments());
        }
        return delta;
    }

    ToolExecutionRequest call(int index) {
        return ToolExecutionRequest.builder()
                .id(begun.get(index).id())
                .name(begun.get(index).name())
                .arguments(arguments.get(index).toString())
                .build();
    }

    int calls() {
        return begun.size();
    }

    ChatResponse response(Finish finish) {
        List<ToolExecutionRequest> requests = new ArrayList<>();
        for (int i = 0; i < calls(); i++) requests.add(call(i));
        AiMessage.Builder said = AiMessage.builder().toolExecutionRequests(requests);
        if (requests.isEmpty() || !text.toString().isBlank()) said.text(text.toString());
        if (!thinking.isEmpty()) said.thinking(thinking.toString().strip());
        return ChatResponse.builder()
                .id("jay-" + UUID.randomUUID())
                .modelName(modelName)
                .aiMessage(said.build())
                .finishReason(reason(finish.reason()))
                .tokenUsage(new TokenUsage(
                        finish.usage().promptTokens(), finish.usage().completionTokens()))
                .build();
    }

    private dev.langchain4j.model.output.FinishReason reason(FinishReason reason) {
        return switch (reason) {
            case STOP ->
                calls() > 0
                        ? dev.langchain4j.model.output.FinishReason.TOOL_EXECUTION
                        : dev.langchain4j.model.output.FinishReason.STOP;
            case LENGTH -> dev.langchain4j.model.output.FinishReason.LENGTH;
            case CANCELLED, FAILED -> dev.langchain4j.model.output.FinishReason.OTHER;
        };
    }
}
