// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefill;

import dev.jay.tensor.Args;

/**
 * What every way is told.
 *
 * @param every  tokens of a stretch
 * @param recent the last tokens of a prompt, at least, that read everything
 */
public record Stretches(int every, int recent) {
    private static final int MOST = 1 << 20;

    static Stretches of(String member, Args args) {
        Stretches stretches = new Stretches(args.intOf("every", 512), args.intOf("recent", 64));
        if (stretches.every < 2 * KvPrefill.BLOCK
                || stretches.every > MOST
                || stretches.every % KvPrefill.BLOCK != 0
                || stretches.recent < 0
                || stretches.recent > MOST) {
            throw new IllegalArgumentException("kv prefill " + member + ": every=" + stretches.every + ", recent="
                    + stretches.recent + ", allowed: every a multiple of " + KvPrefill.BLOCK + " from "
                    + 2 * KvPrefill.BLOCK + " to " + MOST + ", recent 0 to " + MOST);
        }
        return stretches;
    }

    /** The first position of a prompt's last tokens, and of what follows: all of them read everything. */
    public int end(int prompt) {
        return Math.max(0, prompt - recent) / KvPrefill.BLOCK * KvPrefill.BLOCK;
    }

    /** Whether the query at a position before that reads everything, too. */
    public boolean isWhole(int position) {
        return position < every || position % every < KvPrefill.BLOCK;
    }

    @Override
    public String toString() {
        return "every=" + every + ",recent=" + recent;
    }
}
