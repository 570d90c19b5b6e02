// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.Iterator;
import java.util.List;

/**
 * An answer on its way. One caller at a time takes its pieces, by iterating or by asking for the whole; any thread may
 * cancel. When the caller falls behind, this answer pauses and no other does. One that is neither read to its end nor
 * closed holds its KV pages until the model's patience ({@link ModelOptions#withPatience}) ends.
 */
public interface Generation extends Iterable<Piece>, AutoCloseable {
    /**
     * The pieces not yet taken, as they come; {@code hasNext} waits. Ends quietly when the caller cancelled.
     *
     * @throws GenerationException (from the iterator) where {@link Finish#cause} says why it ended early
     */
    @Override
    Iterator<Piece> iterator();

    /** Waits for the end; the whole text, pieces already taken among it. Throws as {@link #iterator} does. */
    String text();

    /** Waits for the end; every token chosen, the one that ended the answer last. Throws as {@link #iterator} does. */
    List<Choice> tokens();

    /** Waits for the end and says how it came. Never throws for a failed answer. */
    Finish finish();

    /** Waits for the end. */
    default FinishReason finishReason() {
        return finish().reason();
    }

    /** Waits for the end. */
    default Usage usage() {
        return finish().usage();
    }

    /** The tokens the model was given, BOS among them where the model wants one. */
    int[] promptTokens();

    /** The text taken so far; does not wait. */
    String textSoFar();

    /** From any thread; the answer ends at the next step. */
    void cancel();

    /** Cancels if still running, and waits until its memory is free again. */
    @Override
    void close();
}
