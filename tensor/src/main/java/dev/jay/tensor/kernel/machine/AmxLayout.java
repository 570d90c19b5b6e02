// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

/**
 * Where the parts of the working space of attention on tiles are, in bytes from its beginning. A block is 128 slots;
 * a tile is 1024 bytes: of keys 32 dimensions of 16 slots, of values 16 dimensions of 32 slots.
 *
 * <pre>
 * arguments | scores [32][128] f32 | weights [32][128] bf16 | key tiles [8][keyTiles]
 * | value tiles [4][valueTiles] | addresses of rows [LISTED] | two staged runs of 32 value rows
 * | groups [queries / 32] | records [queries] | queries [queries][keyTiles * 32] bf16 | sums [queries][valueTiles * 16] f32
 * </pre>
 */
record AmxLayout(int keyWidth, int valueWidth, int valueRowBytes) {
    static final int TILE_BYTES = 1024;
    static final int TILE_SLOTS = 32; // slots of one entry of the list
    static final int BLOCK_TILES = 4;
    static final int BLOCK = BLOCK_TILES * TILE_SLOTS;
    static final int PAIR = 32; // queries that are worked on together
    static final int ENTRY = 16; // address of 32 key rows, of 32 value rows
    static final int CALL_TILES = 64; // entries of one call
    static final int AHEAD = 2 * BLOCK_TILES; // and some more, to fetch ahead
    static final int LISTED = CALL_TILES + AHEAD;

    static final int SCORES = Words.BYTES;
    static final int SCORE_ROW = BLOCK * Float.BYTES;
    static final int WEIGHTS = SCORES + PAIR * SCORE_ROW;
    static final int WEIGHT_ROW = BLOCK * 2;
    static final int KEYS = WEIGHTS + PAIR * WEIGHT_ROW;

    /** A group: the least and the greatest of what its queries see first, then of what they see last. */
    static final int GROUP = 16;

    /** A query: first slot it sees, one past the last, its maximum (of log2), its sum of weights in sixteen parts. */
    static final int RECORD = 128;

    static final int MAX = 8;
    static final int SUM = 64;

    int keyTiles() {
        return Math.ceilDiv(keyWidth, 32);
    }

    int valueTiles() {
        return Math.ceilDiv(valueWidth, 16);
    }

    int queryRow() {
        return keyTiles() * 64;
    }

    int sumRow() {
        return valueTiles() * 64;
    }

    int values() {
        return KEYS + 2 * BLOCK_TILES * keyTiles() * TILE_BYTES;
    }

    int list() {
        return values() + BLOCK_TILES * valueTiles() * TILE_BYTES;
    }

    int staged() {
        return list() + LISTED * ENTRY;
    }

    int stagedBytes() {
        return (TILE_SLOTS * valueRowBytes + 63) / 64 * 64;
    }

    int groups() {
        return staged() + 2 * stagedBytes();
    }

    long records(int queries) {
        return groups() + (long) Math.ceilDiv(queries, 4 * PAIR) * 4 * GROUP;
    }

    long queries(int queries) {
        return records(queries) + (long) rounded(queries) * RECORD;
    }

    long sums(int queries) {
        return queries(queries) + (long) rounded(queries) * queryRow();
    }

    long bytes(int queries) {
        return sums(queries) + (long) rounded(queries) * sumRow();
    }

    private static int rounded(int queries) {
        return Math.ceilDiv(queries, 16) * 16;
    }
}
