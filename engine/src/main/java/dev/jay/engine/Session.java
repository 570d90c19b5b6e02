// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.kernel.Numerics;
import java.util.List;

/**
 * A conversation. Keeps its messages; their keys and values stay while there is room, so a turn costs only
 * what is new. Confined to one
 * caller at a time; {@link #cancel} may come from any thread. An answer belongs to the conversation once it has ended
 * (however it was read); one that failed or was cancelled leaves the conversation as it was before the turn.
 */
public interface Session extends AutoCloseable {
    /** Sets the system message, the first of the conversation. */
    Session system(String text);

    /** For the turns to come; {@link Sampling#DEFAULT} unless set. */
    Session sampling(Sampling sampling);

    /** For the turns to come; {@link Numerics#FAST} unless set. */
    Session numerics(Numerics numerics);

    /** The most tokens of an answer; what is left of the context unless set. */
    Session maxTokens(int tokens);

    /** Texts that end an answer. */
    Session stops(List<String> texts);

    /** Adds a message without asking for an answer: history from elsewhere. */
    Session add(Message message);

    /**
     * Says this and asks for the answer.
     *
     * @throws IllegalStateException if the last answer has not ended
     */
    Generation chat(String userText);

    /** The conversation so far. */
    List<Message> messages();

    /** Takes back the last user message and all after it; nothing happens where there is none. */
    Session undo();

    /** Takes back everything but the system message. */
    Session clear();

    /** Tokens of the conversation as the model would see it now. */
    int promptTokens();

    /** From any thread: ends the answer that is running, if one is. */
    void cancel();

    /** Ends a running answer. */
    @Override
    void close();
}
