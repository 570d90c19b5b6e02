// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What LangChain4j streams, collected; cancels after so many pieces. */
final class Collected implements StreamingChatResponseHandler {
    private static final int SECONDS = 30;

    private final int most;
    private final StringBuffer text = new StringBuffer();
    private final CompletableFuture<ChatResponse> response = new CompletableFuture<>();
    private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
    private int pieces;

    Collected(int most) {
        this.most = most;
    }

    static ChatRequest user(String text) {
        return ChatRequest.builder().messages(UserMessage.from(text)).build();
    }

    /** A question with a tool that may be called. */
    static ChatRequest.Builder userWithTool(String text) {
        return ChatRequest.builder()
                .messages(UserMessage.from(text))
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

    /** A question whose answer must be an object with a mood. */
    static ChatRequest userUnderSchema(String text) {
        JsonObjectSchema mood = JsonObjectSchema.builder()
                .addEnumProperty("mood", List.of("calm", "wild"))
                .required("mood")
                .additionalProperties(false)
                .build();
        return ChatRequest.builder()
                .messages(UserMessage.from(text))
                .responseFormat(ResponseFormat.builder()
                        .type(ResponseFormatType.JSON)
                        .jsonSchema(JsonSchema.builder()
                                .name("state")
                                .rootElement(mood)
                                .build())
                        .build())
                .build();
    }

    @Override
    public void onPartialResponse(PartialResponse partial, PartialResponseContext context) {
        text.append(partial.text());
        if (++pieces < most) return;
        context.streamingHandle().cancel();
        cancelled.complete(null);
    }

    @Override
    public void onCompleteResponse(ChatResponse whole) {
        response.complete(whole);
    }

    @Override
    public void onError(Throwable error) {
        response.completeExceptionally(error);
    }

    String text() {
        return text.toString();
    }

    ChatResponse response() throws InterruptedException, ExecutionException, TimeoutException {
        return response.get(SECONDS, TimeUnit.SECONDS);
    }

    void awaitCancelled() throws InterruptedException, ExecutionException, TimeoutException {
        cancelled.get(SECONDS, TimeUnit.SECONDS);
    }
}
