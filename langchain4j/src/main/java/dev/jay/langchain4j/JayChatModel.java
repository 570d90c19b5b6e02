// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.Set;

/**
 * LangChain4j's chats by a model in this process: no server, no copies of what was said. Thread-safe; borrows the model,
 * whose owner closes it. Fails in LangChain4j's types: {@code InvalidRequestException} where the conversation does not fit
 * the context, {@code RateLimitException} (which is tried again) where too many wait, {@code UnsupportedFeatureException}
 * for what a model here cannot do.
 */
public final class JayChatModel implements ChatModel {
    private final Chats chats;
    private final ChatRequestParameters defaults;

    private JayChatModel(Chats chats, ChatRequestParameters defaults) {
        this.chats = chats;
        this.defaults = defaults;
    }

    public static JayChatModel of(Model model) {
        return new JayChatModel(
                new Chats(model), ChatRequestParameters.builder().build());
    }

    /** For requests that do not say otherwise. */
    public JayChatModel withDefaults(ChatRequestParameters parameters) {
        return new JayChatModel(chats, parameters);
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
    public ChatResponse doChat(ChatRequest request) {
        try {
            Chats.Begun begun = chats.start(request);
            try (Generation generation = begun.generation()) {
                begun.answer().next(generation.text());
                begun.answer().finish();
                return begun.answer().response(generation.finish());
            }
        } catch (RuntimeException e) {
            throw Chats.told(e);
        }
    }
}
