// SPDX-License-Identifier: Apache-2.0
package dev.jay.langchain4j;

import dev.jay.engine.Model;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.model.TokenCountEstimator;
import java.util.ArrayList;
import java.util.List;

/** Counts tokens by the model's own tokenizer and template: exact for a conversation that is sent as it stands. */
public final class JayTokenCountEstimator implements TokenCountEstimator {
    private final Model model;
    private final Chats chats;

    private JayTokenCountEstimator(Model model) {
        this.model = model;
        chats = new Chats(model);
    }

    public static JayTokenCountEstimator of(Model model) {
        return new JayTokenCountEstimator(model);
    }

    /** The text alone, no token before or after it. */
    @Override
    public int estimateTokenCountInText(String text) {
        return model.tokenizer().encode(text, false, false).length;
    }

    @Override
    public int estimateTokenCountInMessage(ChatMessage message) {
        return estimateTokenCountInMessages(List.of(message));
    }

    /** With all that the template writes around them, the beginning of an answer included. */
    @Override
    public int estimateTokenCountInMessages(Iterable<ChatMessage> messages) {
        List<ChatMessage> all = new ArrayList<>();
        messages.forEach(all::add);
        return chats.prompt(all, List.of()).length;
    }
}
