// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.block;

/**
 * Some sequences of one length, one after the other. Borrows its arrays.
 *
 * @param length  tokens of a sequence
 * @param tokens  [sequences * length]
 * @param targets what follows each token; {@link #IGNORED} where nothing is to be learnt
 */
public record Batch(int length, int[] tokens, int[] targets) {
    public static final int IGNORED = -1;

    public Batch {
        if (length < 1 || tokens.length == 0 || tokens.length % length != 0 || targets.length != tokens.length) {
            throw new IllegalArgumentException("batch: length=" + length + ", tokens=" + tokens.length + ", targets="
                    + targets.length + ", wanted: whole sequences and a target for each token");
        }
    }

    public int sequences() {
        return tokens.length / length;
    }

    /** Tokens with a target. */
    public int counted() {
        int n = 0;
        for (int t : targets) if (t != IGNORED) n++;
        return n;
    }
}
