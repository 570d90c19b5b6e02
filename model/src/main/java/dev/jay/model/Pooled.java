// SPDX-License-Identifier: Apache-2.0
package dev.jay.model;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/**
 * Gathers one text's vector while its rows come, in whatever pieces: sums are in double and in the order of the tokens, so
 * the pieces do not change a bit. Confined to one thread at a time.
 */
public final class Pooled implements HiddenRows {
    private final Pooling pooling;
    private final int tokens;
    private final double[] sum;
    private int next; // place of the first row that has yet to come

    /** @param tokens of the text: all will come */
    public Pooled(Pooling pooling, int tokens, int dim) {
        if (tokens < 1) throw new IllegalArgumentException("embedding: tokens=" + tokens + ", allowed: 1 or more");
        this.pooling = pooling;
        this.tokens = tokens;
        this.sum = new double[dim];
    }

    @Override
    public void take(int from, int count, MemorySegment rows) {
        if (from > next || from + count > tokens) {
            throw new IllegalArgumentException("embedding: rows from=" + from + ", count=" + count + ", wanted from="
                    + next + " at most, and tokens=" + tokens + " at most");
        }
        for (int place = next; place < from + count; place++) {
            if (counts(place)) add(rows, (long) (place - from) * sum.length);
        }
        next = Math.max(next, from + count);
    }

    private boolean counts(int place) {
        return switch (pooling) {
            case MEAN -> true;
            case FIRST -> place == 0;
            case LAST -> place == tokens - 1;
        };
    }

    private void add(MemorySegment rows, long at) {
        for (int i = 0; i < sum.length; i++) sum[i] += Floats.get(rows, at + i);
    }

    /** The vector, of length one; zeros if there is no direction in it. */
    public float[] unit() {
        if (next < tokens) throw new IllegalStateException("embedding: rows=" + next + ", tokens=" + tokens);
        double squares = 0;
        for (double v : sum) squares += v * v;
        float[] unit = new float[sum.length];
        double by = squares > 0 ? 1 / Math.sqrt(squares) : 0;
        for (int i = 0; i < unit.length; i++) unit[i] = (float) (sum[i] * by);
        return unit;
    }
}
