// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.train.block.Batch;

/**
 * Sequences that say the beginning of a text's window again and again. What comes can be looked up in what was, and in
 * nothing else, and almost every token teaches that: attention learns to look up from few of them (induction, Olsson et
 * al. 2022). How long the beginning is follows from the sequence's number, so that no distance can be learnt instead.
 */
public final class Echoes {
    private static final int LEAST = 16; // a sequence's part that a beginning is, at least; a half at most

    private Echoes() {}

    /**
     * Echoes among other sequences.
     *
     * @param part of all sequences, 0 to 1
     */
    public static Batches among(Batches others, Batches text, double part, long seed) {
        return (number, sequences, length) -> {
            Batch batch = others.batch(number, sequences, length);
            Batch windows = text.batch(number, sequences, length);
            int[] tokens = batch.tokens().clone();
            int[] targets = batch.targets().clone();
            for (int s = 0; s < sequences; s++) {
                long drawn = Shuffle.number(Shuffle.number(seed, length), number * sequences + s);
                if ((drawn >>> 11) * 0x1p-53 >= part) continue;
                int least = Math.max(1, length / LEAST);
                int period = least + (int) Long.remainderUnsigned(Shuffle.number(drawn, 1), length / 2 - least + 1);
                for (int i = 0; i < length; i++) {
                    tokens[s * length + i] = windows.tokens()[s * length + i % period];
                    targets[s * length + i] = windows.tokens()[s * length + (i + 1) % period];
                }
            }
            return new Batch(length, tokens, targets);
        };
    }
}
