// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.prefix.Strided;

/** The keys and values of one sequence, wherever they are. Made by a {@link Forward}; confined to the engine thread. */
public interface SequenceCache extends Strided, AutoCloseable {
    /** Tokens whose keys and values it holds. */
    int length();

    /** Where prompts end in what is to come, for a recipe that forgets then. Before the first token comes. */
    default void promptsEnd(int... places) {}

    /** The place where the next step must end if it comes so far, because tokens are forgotten there. */
    default int nextEnd() {
        return Integer.MAX_VALUE;
    }

    /** Gives up every page it holds. */
    @Override
    void close();
}
