// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/** The keys and values of one sequence, wherever they are. Made by a {@link Forward}; confined to the engine thread. */
public interface SequenceCache extends AutoCloseable {
    /** Tokens whose keys and values it holds. */
    int length();

    /**
     * Forgets the newest tokens, down to at most this many. May have to forget a few more, where they are coded together.
     *
     * @return the length now
     */
    int takeBack(int length);

    /** KV pages held now. */
    int pages();

    /** Gives every page back. */
    @Override
    void close();
}
