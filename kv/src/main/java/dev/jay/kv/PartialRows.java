// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** Rows of a store of partial results of attention: out[capacity][width], then lse[capacity], both f32. Borrows the store. */
final class PartialRows {
    private final MemorySegment bytes;
    private final int width;
    private final long outs; // floats
    private final long lses; // floats
    private final float[] sum; // a row, in between
    private final float[] row;

    PartialRows(MemorySegment bytes, int width, int capacity, int firstRow) {
        this.bytes = bytes;
        this.width = width;
        this.sum = new float[width];
        this.row = new float[width];
        this.outs = (long) firstRow * width;
        this.lses = Scratch.sizeOf((long) capacity * width * Float.BYTES) / Float.BYTES + firstRow;
    }

    /** Of a store of so many rows. */
    static long bytes(int rows, int width) {
        return Scratch.sizeOf((long) rows * width * Float.BYTES) + Scratch.sizeOf((long) rows * Float.BYTES);
    }

    long outAddress() {
        return bytes.address() + outs * Float.BYTES;
    }

    long lseAddress() {
        return bytes.address() + lses * Float.BYTES;
    }

    /**
     * Adds row i, computed over other slots than what is there, to row {@code to} of an answer and its log-sum-exp. The
     * first replaces what is there; one that saw nothing changes no bit.
     */
    void addTo(MemorySegment out, MemorySegment lse, long to, int i, boolean isFirst) {
        float come = Floats.get(bytes, lses + i);
        if (isFirst) {
            copyTo(out, to, i);
            Floats.set(lse, to, come);
            return;
        }
        float have = Floats.get(lse, to);
        if (come == Float.NEGATIVE_INFINITY) return;
        if (have == Float.NEGATIVE_INFINITY) {
            copyTo(out, to, i);
            Floats.set(lse, to, come);
            return;
        }
        double most = Math.max(have, come);
        double a = StrictMath.exp(have - most); // strict: the same bits from interpreted and compiled code
        double b = StrictMath.exp(come - most);
        float keep = (float) (a / (a + b));
        float take = (float) (b / (a + b));
        MemorySegment.copy(out, Floats.LAYOUT, to * width * Float.BYTES, sum, 0, width);
        MemorySegment.copy(bytes, Floats.LAYOUT, (outs + (long) i * width) * Float.BYTES, row, 0, width);
        for (int d = 0; d < width; d++) sum[d] = keep * sum[d] + take * row[d];
        MemorySegment.copy(sum, 0, out, Floats.LAYOUT, to * width * Float.BYTES, width);
        Floats.set(lse, to, (float) (most + StrictMath.log(a + b)));
    }

    /** Turns the first rows back, as codecs have turned what they were mixed from. */
    void turnBack(Rotations rotations, int count) {
        rotations.turnBack(bytes, outs * Float.BYTES, count);
    }

    private void copyTo(MemorySegment out, long to, int i) {
        long from = (outs + (long) i * width) * Float.BYTES;
        MemorySegment.copy(bytes, from, out, to * width * Float.BYTES, (long) width * Float.BYTES);
    }
}
