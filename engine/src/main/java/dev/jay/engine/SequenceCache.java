// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.prefix.Strided;

/** The keys and values of one sequence, wherever they are. Made by a {@link Forward}; confined to the engine thread. */
public interface SequenceCache extends Strided, AutoCloseable {
    /** Tokens whose keys and values it holds. */
    int length();

    /** Gives up every page it holds. */
    @Override
    void close();
}
