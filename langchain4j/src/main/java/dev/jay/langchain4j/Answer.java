// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.Finish;
import dev.jay.engine.FinishReason;
import dev.jay.engine.chat.AnswerDelta;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.AnswerSoFar;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** One answer while it comes: thinking, text and calls, as LangChain4j's response. */
final class Answer {
    private final String modelName;
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

    ToolExecutionRequest call(int index) {
        AnswerDelta.Call call = said.call(index);
        return ToolExecutionRequest.builder()
                .id(call.id())
                .name(call.name())
                .arguments(call.arguments())
                .build();
    }

    int calls() {
        return said.calls();
    }

    ChatResponse response(Finish finish) {
        List<ToolExecutionRequest> requests = new ArrayList<>();
        for (int i = 0; i < calls(); i++) requests.add(call(i));
        AiMessage.Builder message = AiMessage.builder().toolExecutionRequests(requests);
        if (requests.isEmpty() || !said.text().isEmpty()) message.text(said.text());
        if (!said.thinking().isEmpty()) message.thinking(said.thinking());
        return ChatResponse.builder()
                .id("jay-" + UUID.randomUUID())
                .modelName(modelName)
                .aiMessage(message.build())
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
