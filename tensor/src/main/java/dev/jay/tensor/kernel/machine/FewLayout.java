// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

/**
 * Where the parts of the working space of {@link FewAttention} are, in bytes from its beginning. What belongs to four
 * queries of a KV head lies together, a quad; vectors of scores, maxima and sums have four slots of four queries.
 *
 * <pre>
 * arguments | weights [32 slots][4] f32 | factors [16] f32 | sights [quads]: first and end slot [2][4] int | pages [LISTED]
 * | quads [heads][quads]: queries [keyParts][4][16] f32, sums [valueParts][4][16] f32, maximum [16], sum of weights [16]
 * </pre>
 */
record FewLayout(int keyWidth, int valueWidth) {
    static final int QUAD = 4; // queries
    static final int MOST_QUADS = 2;
    static final int PART = 16; // dimensions of a vector
    static final int PART_BYTES = QUAD * 64; // of a quad

    static final int LISTED = 511; // pages of one call, and one more for what is asked for ahead

    static final int WEIGHTS = Words.BYTES;
    static final int FACTORS = WEIGHTS + 32 * QUAD * Float.BYTES;
    static final int SIGHTS = FACTORS + 64;
    static final int SIGHT = 32;
    static final int LIST = SIGHTS + MOST_QUADS * SIGHT;
    static final int STATES = LIST + (LISTED + 1) * Long.BYTES;

    int keyParts() {
        return Math.ceilDiv(keyWidth, PART);
    }

    int valueParts() {
        return Math.ceilDiv(valueWidth, PART);
    }

    /** From a quad's beginning. */
    int sums() {
        return keyParts() * PART_BYTES;
    }

    int max() {
        return sums() + valueParts() * PART_BYTES;
    }

    int sum() {
        return max() + 64;
    }

    int quadBytes() {
        return sum() + 64;
    }

    static int quads(int queries) {
        return Math.ceilDiv(queries, QUAD);
    }

    long bytes(int heads, int queries) {
        return STATES + (long) heads * quads(queries) * quadBytes();
    }
}
