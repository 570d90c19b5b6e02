// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.Optional;

/**
 * Where answers are kept that were not done when their model was closed, so that whoever asks the same again has them go
 * on from there. Confined to the engine thread.
 */
public interface Parking extends AutoCloseable {
    /** Nothing is kept. */
    Parking NONE = new Parking() {
        @Override
        public void park(Request request, int[] prompt, Answer answer) {}

        @Override
        public Optional<Answer> take(Request request, int... prompt) {
            return Optional.empty();
        }

        @Override
        public void close() {}
    };

    /**
     * An answer so far.
     *
     * @param seed   what its draws come from
     * @param tokens that were chosen
     */
    record Answer(long seed, int[] tokens) {}

    void park(Request request, int[] prompt, Answer answer);

    /** What was kept for a request that is the same in all that an answer depends on; it is gone from here then. */
    Optional<Answer> take(Request request, int... prompt);

    /** What was parked, and what nobody has asked for, is kept for the next process. */
    @Override
    void close();
}
