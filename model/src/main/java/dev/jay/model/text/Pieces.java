// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.util.Arrays;

/**
 * A text in UTF-8 and the pieces it has been cut into so far, in order; what lies between two pieces is dropped. Steps of
 * a pipeline make new ones of it.
 */
final class Pieces {
    private byte[] text;
    private int length;
    /** Where each piece begins and ends, in pairs. */
    private int[] spans = new int[16];

    private int count;
    private final boolean first;

    /** @param first whether the text begins what is being encoded, so no token stands before it */
    private Pieces(byte[] text, int length, boolean first) {
        this.text = text;
        this.length = length;
        this.first = first;
    }

    /** A text in one piece. */
    static Pieces whole(byte[] text, boolean first) {
        Pieces pieces = new Pieces(text, text.length, first);
        pieces.add(0, text.length);
        return pieces;
    }

    /** The same text, to be cut anew. */
    Pieces recut() {
        return new Pieces(text, length, first);
    }

    /** A text to be written anew. */
    Pieces rewrite() {
        return new Pieces(new byte[Math.max(16, length + length / 2)], 0, first);
    }

    byte[] text() {
        return text;
    }

    int count() {
        return count;
    }

    int from(int piece) {
        return spans[2 * piece];
    }

    int to(int piece) {
        return spans[2 * piece + 1];
    }

    /** Whether the piece begins what is being encoded. */
    boolean isFirst(int piece) {
        return first && spans[2 * piece] == 0;
    }

    /** An empty piece is none. */
    void add(int from, int to) {
        if (from == to) return;
        if (2 * count == spans.length) spans = Arrays.copyOf(spans, 4 * count);
        spans[2 * count] = from;
        spans[2 * count + 1] = to;
        count++;
    }

    void write(byte[] from, int start, int end) {
        if (length + end - start > text.length) text = Arrays.copyOf(text, Math.max(2 * length, length + end - start));
        System.arraycopy(from, start, text, length, end - start);
        length += end - start;
    }

    /** Makes a piece of what was written behind a place. */
    void close(int from) {
        add(from, length);
    }

    int written() {
        return length;
    }
}
