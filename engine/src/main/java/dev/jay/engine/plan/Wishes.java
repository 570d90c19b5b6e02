// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.OptionalInt;

/**
 * What was asked for. What was named is given or refused, never changed in silence; what was not may give way.
 *
 * @param context     the context named, if one was
 * @param mostContext the one taken where none is named and there is room
 * @param parallel    sequences of full length side by side
 * @param stepTokens  tokens of a step, at most; fewer take less working space
 */
public record Wishes(OptionalInt context, int mostContext, int parallel, int stepTokens) {
    public Wishes withContext(int tokens) {
        return new Wishes(OptionalInt.of(tokens), mostContext, parallel, stepTokens);
    }

    public Wishes withParallel(int sequences) {
        return new Wishes(context, mostContext, sequences, stepTokens);
    }
}
