// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

/**
 * Where the parts of the working space of {@link FewAttention} are, in bytes from its beginning. What belongs to four
 * queries of a KV head lies together, a quad; vectors of scores, maxima and sums have four slots of four queries.
 *
 * <pre>
 * arguments | weights [32 slots][4] f32 | factors [16] f32 | sights [quads]: first and end slot [2][16] int | runs [LISTED]
 * | quads [heads][quads]: queries [keyParts][4][16] f32, sums [valueParts][4][16] f32, maximum [16], sum of weights [16]
 * </pre>
 */
record FewLayout(int keyWidth, int valueWidth) {
    static final int QUAD = 4; // queries
    static final int MOST_QUADS = 2;
    static final int PART = 16; // dimensions of a vector
    static final int PART_BYTES = QUAD * 64; // of a quad

    /** Slots of a run, which lie one after the other: address of keys, of values, entries of 32 slots, the first slot. */
    static final int RUN = 32;

    static final int LISTED = 256; // runs of one call, and one more for what is fetched ahead

    static final int WEIGHTS = Words.BYTES;
    static final int FACTORS = WEIGHTS + 32 * QUAD * Float.BYTES;
    static final int SIGHTS = FACTORS + 64;
    static final int SIGHT = 128;
    static final int LIST = SIGHTS + MOST_QUADS * SIGHT;
    static final int STATES = LIST + (LISTED + 2) * RUN;

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

    long quad(int head, int quads, int quad) {
        return STATES + ((long) head * quads + quad) * quadBytes();
    }

    long bytes(int heads, int queries) {
        return quad(heads, quads(queries), 0);
    }
}
