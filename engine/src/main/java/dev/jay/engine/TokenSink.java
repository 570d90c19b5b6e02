// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/**
 * Where one answer goes as it is made. Called on the engine thread, so it must not block; what it throws fails its own
 * sequence and no other.
 */
public interface TokenSink {
    /** False pauses the sequence (and no other) until it is true again; then call {@link Ticket#wake}. */
    default boolean isReady() {
        return true;
    }

    void onPiece(Piece piece);

    /** The logprob of the prompt's token at this place, in order; only where {@link Request#withPromptScores} asked. */
    default void onPromptScore(int place, double logprob) {}

    /** The last call; comes once, whatever happens. */
    void onFinish(Finish finish);
}
