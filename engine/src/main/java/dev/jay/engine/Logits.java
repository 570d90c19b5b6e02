// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.LogSoftmax;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** logits[n][vocabulary], f32, as a pass left them. Borrowed. */
record Logits(MemorySegment bytes, int vocabulary) {
    MemorySegment row(int row) {
        long rowBytes = (long) vocabulary * Float.BYTES;
        return bytes.asSlice(row * rowBytes, rowBytes);
    }

    double logprob(int row, int token) {
        MemorySegment logits = row(row);
        return Floats.get(logits, token) - LogSoftmax.logSumExp(logits, vocabulary);
    }

    /** @param top how many of the likeliest to list; -1: no logprobs at all */
    Choice choice(int row, int token, int top) {
        if (top < 0) return new Choice(token, Double.NaN, List.of());
        MemorySegment logits = row(row);
        double all = LogSoftmax.logSumExp(logits, vocabulary);
        List<Choice.Scored> best = new ArrayList<>(top);
        for (int t : LogSoftmax.best(logits, vocabulary, top)) {
            best.add(new Choice.Scored(t, Floats.get(logits, t) - all));
        }
        return new Choice(token, Floats.get(logits, token) - all, best);
    }
}
