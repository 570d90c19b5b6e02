// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Piece;
import dev.jay.engine.chat.AnswerDelta;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import java.util.Set;

/**
 * As {@link JayChatModel}, piece by piece. The handler is called on a thread of the answer's own; one that is slow pauses
 * its answer and no other. An answer that is cancelled ends without a last call. What the handler throws ends its answer
 * and is told to {@code onError}.
 */
public final class JayStreamingChatModel implements StreamingChatModel {
    private final Chats chats;
    private final ChatRequestParameters defaults;

    private JayStreamingChatModel(Chats chats, ChatRequestParameters defaults) {
        this.chats = chats;
        this.defaults = defaults;
    }

    public static JayStreamingChatModel of(Model model) {
        return new JayStreamingChatModel(
                new Chats(model), ChatRequestParameters.builder().build());
    }

    /** For requests that do not say otherwise. */
    public JayStreamingChatModel withDefaults(ChatRequestParameters parameters) {
        return new JayStreamingChatModel(chats, parameters);
    }

    /** AI services then ask for JSON by a schema instead of in words. */
    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }

    @Override
    public ChatRequestParameters defaultRequestParameters() {
        return defaults;
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        Chats.Begun begun;
        try {
            begun = chats.start(request);
        } catch (RuntimeException e) {
            handler.onError(Chats.told(e));
            return;
        }
        Thread.startVirtualThread(() -> tell(begun.generation(), begun.answer(), handler));
    }

    private static void tell(Generation generation, Answer answer, StreamingChatResponseHandler handler) {
        Handle handle = new Handle(generation);
        try (generation) {
            for (Piece piece : generation) {
                if (handle.isCancelled()) return;
                tell(answer.next(piece.text()), handle, handler);
            }
            if (handle.isCancelled()) return;
            tell(answer.finish(), handle, handler);
            for (int i = 0; i < answer.calls(); i++)
                handler.onCompleteToolCall(new CompleteToolCall(i, answer.call(i)));
            handler.onCompleteResponse(answer.response(generation.finish()));
        } catch (RuntimeException e) {
            handler.onError(Chats.told(e));
        }
    }

    private static void tell(AnswerDelta delta, Handle handle, StreamingChatResponseHandler handler) {
        if (!delta.reasoning().isEmpty()) {
            handler.onPartialThinking(new PartialThinking(delta.reasoning()), new PartialThinkingContext(handle));
        }
        if (!delta.content().isEmpty()) {
            handler.onPartialResponse(new PartialResponse(delta.content()), new PartialResponseContext(handle));
        }
    }

    private static final class Handle implements StreamingHandle {
        private final Generation answer;
        private volatile boolean cancelled;

        Handle(Generation answer) {
            this.answer = answer;
        }

        @Override
        public void cancel() {
            cancelled = true;
            answer.cancel();
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }
}
