// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import jdk.incubator.vector.FloatVector;

/** Four decoded rows by four rows of activations, sixteen sums in registers. One of the two sums of a product at a time. */
final class Tile {
    static final int SIDE = 4;

    /** Bytes of the sixteen sums; a tile has two such: of the even vectors, then of the odd. */
    static final int SUMS = SIDE * SIDE * Lanes.BYTES;

    private Tile() {}

    /**
     * Adds the products of every second vector of {@code count} values to sixteen sums.
     *
     * @param rows   first of four rows, {@code stride} bytes apart, as the activations are
     * @param values first row of activations; the others are so many rows after it
     * @param at     sum of row r and activations t at {@code (t * 4 + r) * Lanes.BYTES}
     */
    static void run(long rows, long stride, long values, int apart1, int apart2, int apart3, int count, long at) {
        long w = Lanes.trusted(rows);
        long w1 = Lanes.trusted(w + stride);
        long w2 = Lanes.trusted(w + 2 * stride);
        long w3 = Lanes.trusted(w + 3 * stride);
        long x0 = Lanes.trusted(values);
        long x1 = Lanes.trusted(values + apart1 * stride);
        long x2 = Lanes.trusted(values + apart2 * stride);
        long x3 = Lanes.trusted(values + apart3 * stride);
        long sums = Lanes.trusted(at);
        FloatVector a0 = at(sums, 0), a1 = at(sums, 1), a2 = at(sums, 2), a3 = at(sums, 3);
        FloatVector b0 = at(sums, 4), b1 = at(sums, 5), b2 = at(sums, 6), b3 = at(sums, 7);
        FloatVector c0 = at(sums, 8), c1 = at(sums, 9), c2 = at(sums, 10), c3 = at(sums, 11);
        FloatVector d0 = at(sums, 12), d1 = at(sums, 13), d2 = at(sums, 14), d3 = at(sums, 15);
        for (int i = 0; i < count; i += 2 * Lanes.LENGTH) {
            long o = i * 4L;
            FloatVector r0 = Lanes.floats(w + o), r1 = Lanes.floats(w1 + o);
            FloatVector r2 = Lanes.floats(w2 + o), r3 = Lanes.floats(w3 + o);
            FloatVector x = Lanes.floats(x0 + o);
            a0 = r0.fma(x, a0);
            a1 = r1.fma(x, a1);
            a2 = r2.fma(x, a2);
            a3 = r3.fma(x, a3);
            x = Lanes.floats(x1 + o);
            b0 = r0.fma(x, b0);
            b1 = r1.fma(x, b1);
            b2 = r2.fma(x, b2);
            b3 = r3.fma(x, b3);
            x = Lanes.floats(x2 + o);
            c0 = r0.fma(x, c0);
            c1 = r1.fma(x, c1);
            c2 = r2.fma(x, c2);
            c3 = r3.fma(x, c3);
            x = Lanes.floats(x3 + o);
            d0 = r0.fma(x, d0);
            d1 = r1.fma(x, d1);
            d2 = r2.fma(x, d2);
            d3 = r3.fma(x, d3);
        }
        put(a0, sums, 0);
        put(a1, sums, 1);
        put(a2, sums, 2);
        put(a3, sums, 3);
        put(b0, sums, 4);
        put(b1, sums, 5);
        put(b2, sums, 6);
        put(b3, sums, 7);
        put(c0, sums, 8);
        put(c1, sums, 9);
        put(c2, sums, 10);
        put(c3, sums, 11);
        put(d0, sums, 12);
        put(d1, sums, 13);
        put(d2, sums, 14);
        put(d3, sums, 15);
    }

    /** Sets sums to zero. Not a part of {@link #run}: the compiler keeps only so many vectors of one method in registers. */
    static void clear(long at, int bytes) {
        long sums = Lanes.trusted(at);
        for (int i = 0; i < bytes; i += Lanes.BYTES) Lanes.store(FloatVector.zero(Lanes.F), sums + i);
    }

    private static FloatVector at(long sums, int i) {
        return Lanes.floats(sums + i * (long) Lanes.BYTES);
    }

    private static void put(FloatVector v, long sums, int i) {
        Lanes.store(v, sums + i * (long) Lanes.BYTES);
    }

    /** The product that sum i of an even and of an odd set make. */
    static float product(long even, long odd, int i) {
        return Lanes.sum(at(even, i).add(at(odd, i)));
    }
}
