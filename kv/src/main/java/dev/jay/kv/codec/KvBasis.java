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

    /** features[r] = vector r . (x - mean), of the first so many directions. */
    void project(float[] x, float[] features) {
        int width = mean.length;
        float[] off = new float[width];
        for (int c = 0; c < width; c++) off[c] = x[c] - mean[c];
        for (int r = 0; r < features.length; r++) {
            float sum = 0;
            for (int c = 0; c < width; c++) sum += vectors[r * width + c] * off[c];
            features[r] = sum;
        }
    }

    /** x = mean + the sum of features times their vectors, of channels [from, from + x.length). */
    void back(float[] features, int from, float[] x) {
        int width = mean.length;
        System.arraycopy(mean, from, x, 0, x.length);
        int r = 0;
        for (; r + 4 <= features.length; r += 4) {
            float f0 = features[r];
            float f1 = features[r + 1];
            float f2 = features[r + 2];
            float f3 = features[r + 3];
            int v = r * width + from;
            for (int c = 0; c < x.length; c++) {
                x[c] += f0 * vectors[v + c]
                        + f1 * vectors[v + width + c]
                        + f2 * vectors[v + 2 * width + c]
                        + f3 * vectors[v + 3 * width + c];
            }
        }
        for (; r < features.length; r++) {
            float f = features[r];
            int v = r * width + from;
            for (int c = 0; c < x.length; c++) x[c] += f * vectors[v + c];
        }
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
