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
 * @param isWhole     whether a sequence must fit a step, as an encoder's does: one of the context named, if one was
 */
public record Wishes(OptionalInt context, int mostContext, int parallel, int stepTokens, boolean isWhole) {
    /** Sequences may take any number of steps. */
    public Wishes(OptionalInt context, int mostContext, int parallel, int stepTokens) {
        this(context, mostContext, parallel, stepTokens, false);
    }

    /** The fewest tokens of a step that will do, of at least so many. */
    int leastStep(int least) {
        return isWhole && context.isPresent() ? Math.max(least, context.getAsInt()) : least;
    }

    /** The most tokens of a step with such a context. */
    public int mostStep(int ofContext) {
        int most = isWhole ? Math.max(ofContext, stepTokens) : stepTokens;
        return (int) Math.min(most, (long) ofContext * parallel);
    }

    public Wishes withContext(int tokens) {
        return new Wishes(OptionalInt.of(tokens), mostContext, parallel, stepTokens, isWhole);
    }

    public Wishes withParallel(int sequences) {
        return new Wishes(context, mostContext, sequences, stepTokens, isWhole);
    }
}
