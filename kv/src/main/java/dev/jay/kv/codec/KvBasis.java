// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * In which directions the keys, or the values, of all heads of a layer lie, measured beforehand: those first along which
 * they vary most. Equal where every number is.
 */
public final class KvBasis {
    private final float[] mean; // [width]
    private final float[] variances; // [rank], falling
    private final float[] vectors; // [rank][width], orthonormal rows
    private final int print;

    /**
     * All three are taken, not copied.
     *
     * @param mean      of each channel, all heads side by side
     * @param variances along each direction, none less than the next
     * @param vectors   the directions, one after the other, of length 1 and at right angles
     */
    public KvBasis(float[] mean, float[] variances, float[] vectors) {
        int width = mean.length;
        int rank = variances.length;
        if (rank < 1 || rank > width || (long) rank * width != vectors.length) {
            throw new IllegalArgumentException("kv basis: directions=" + rank + ", width=" + width + ", numbers="
                    + vectors.length + ", wanted directions 1 to the width, each of a width's numbers");
        }
        CRC32 crc = new CRC32();
        for (float[] all : new float[][] {mean, variances, vectors}) {
            MemorySegment bytes = MemorySegment.ofArray(new byte[4 * all.length]);
            for (int i = 0; i < all.length; i++) {
                if (!Float.isFinite(all[i])) throw new IllegalArgumentException("kv basis: a number is " + all[i]);
                Floats.set(bytes, i, all[i]);
            }
            crc.update(bytes.asByteBuffer());
        }
        for (int r = 0; r < rank; r++) {
            if (variances[r] < 0 || (r > 0 && variances[r] > variances[r - 1])) {
                throw new IllegalArgumentException("kv basis: variance " + r + " is " + variances[r]
                        + ", wanted none below 0 or above the one before");
            }
        }
        this.mean = mean;
        this.variances = variances;
        this.vectors = vectors;
        this.print = (int) crc.getValue() & Integer.MAX_VALUE;
    }

    /** Channels of all heads. */
    public int width() {
        return mean.length;
    }

    /** Directions that are known. */
    public int rank() {
        return variances.length;
    }

    /** Tells one from another. */
    public int print() {
        return print;
    }

    /** Borrowed: of each channel. */
    public float[] mean() {
        return mean;
    }

    /** Borrowed: along each direction. */
    public float[] variances() {
        return variances;
    }

    /** Borrowed: [rank][width]. */
    public float[] vectors() {
        return vectors;
    }

    // Arrays of arrays in what follows, all read at the same index: such loops become vector code, those with offsets
    // not.

    /** [width][rank] of the first so many directions: what {@link #project} takes. */
    float[][] columns(int rank) {
        float[][] columns = new float[mean.length][rank];
        for (int c = 0; c < mean.length; c++) {
            for (int r = 0; r < rank; r++) columns[c][r] = vectors[r * mean.length + c];
        }
        return columns;
    }

    /** features[r] = vector r . (x - mean), of as many directions as columns have. */
    void project(float[][] columns, float[] x, float[] features) {
        Arrays.fill(features, 0);
        int c = 0;
        for (; c + 4 <= mean.length; c += 4) {
            float a = x[c] - mean[c];
            float b = x[c + 1] - mean[c + 1];
            float third = x[c + 2] - mean[c + 2];
            float fourth = x[c + 3] - mean[c + 3];
            addTimes(a, columns[c], b, columns[c + 1], third, columns[c + 2], fourth, columns[c + 3], features);
        }
        for (; c < mean.length; c++) addTimes(x[c] - mean[c], columns[c], features);
    }

    private static void addTimes(float times, float[] what, float[] to) {
        for (int i = 0; i < to.length; i++) to[i] += times * what[i];
    }

    /** Channels [channel, channel + channels) of the first so many directions, and behind them of the mean. */
    float[][] rows(int rank, int channel, int channels) {
        float[][] rows = new float[rank + 1][];
        for (int r = 0; r < rank; r++) {
            int at = r * mean.length + channel;
            rows[r] = Arrays.copyOfRange(vectors, at, at + channels);
        }
        rows[rank] = Arrays.copyOfRange(mean, channel, channel + channels);
        return rows;
    }

    /** x = the last of the rows, and the sum of features times the others. */
    static void back(float[][] rows, float[] features, float[] x) {
        int rank = features.length;
        System.arraycopy(rows[rank], 0, x, 0, x.length);
        int r = 0;
        for (; r + 4 <= rank; r += 4) {
            addTimes(
                    features[r],
                    rows[r],
                    features[r + 1],
                    rows[r + 1],
                    features[r + 2],
                    rows[r + 2],
                    features[r + 3],
                    rows[r + 3],
                    x);
        }
        for (; r < rank; r++) addTimes(features[r], rows[r], x);
    }

    private static void addTimes(
            float ofA, float[] a, float ofB, float[] b, float ofC, float[] c, float ofD, float[] d, float[] to) {
        for (int i = 0; i < to.length; i++) to[i] += ofA * a[i] + ofB * b[i] + ofC * c[i] + ofD * d[i];
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof KvBasis other
                && Arrays.equals(mean, other.mean)
                && Arrays.equals(variances, other.variances)
                && Arrays.equals(vectors, other.vectors);
    }

    @Override
    public int hashCode() {
        return print;
    }
}
