// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/**
 * Features of tokens along directions, of some bits each, and a scale for each token:
 * {@code value = (code - (2^bits - 1) / 2) * step * 2^((scale - 64) / 4)}; a direction of no bits is 0.
 * {@code [row: scale:u8][codes, direction after direction, the lowest bits first]}.
 *
 * @param rowBytes of a row, at least what its codes take
 * @param bits     of each direction: 0 to 8
 * @param steps    of each
 */
public record FeatureLevels(int rows, int rowBytes, List<Integer> bits, List<Float> steps) implements GroupFormat {
    public static final int MOST_BITS = 8;

    /** The code of scale 1. */
    public static final int ONE = 64;

    private static final float[] SCALES = new float[256];

    static {
        for (int i = 0; i < SCALES.length; i++) SCALES[i] = (float) StrictMath.pow(2, (i - ONE) / 4.0);
    }

    public FeatureLevels {
        bits = List.copyOf(bits);
        steps = List.copyOf(steps);
        int sum = 0;
        for (int some : bits) {
            if (some < 0 || some > MOST_BITS) throw new IllegalArgumentException("bits=" + some + ", allowed: 0 to 8");
            sum += some;
        }
        if (bits.isEmpty() || bits.size() != steps.size() || rowBytes < 1 + Math.ceilDiv(sum, 8)) {
            throw new IllegalArgumentException("features: directions=" + bits.size() + ", steps=" + steps.size()
                    + ", bits=" + sum + ", bytes of a row=" + rowBytes);
        }
    }

    /** What a code of a scale stands for. */
    public static float scale(int code) {
        return SCALES[code];
    }

    @Override
    public int width() {
        return bits.size();
    }

    @Override
    public int bytes() {
        return rows * rowBytes;
    }

    @Override
    public void decode(MemorySegment group, long at, MemorySegment out, long to) {
        byte[] codes = new byte[rowBytes + 1]; // a code is read from two bytes
        for (int t = 0; t < rows; t++) {
            MemorySegment.copy(group, ValueLayout.JAVA_BYTE, at + (long) t * rowBytes, codes, 0, rowBytes);
            float scale = SCALES[codes[0] & 0xFF];
            int bit = 8;
            for (int r = 0; r < bits.size(); r++) {
                int most = (1 << bits.get(r)) - 1;
                int both = codes[bit >> 3] & 0xFF | (bits.get(r) == 0 ? 0 : codes[(bit >> 3) + 1] & 0xFF) << 8;
                float level = (both >> (bit & 7) & most) - most * 0.5f;
                out.set(Floats.LAYOUT, to + 4L * (t * bits.size() + r), level * steps.get(r) * scale);
                bit += bits.get(r);
            }
        }
    }

    /** Scales from 1 to 8. */
    @Override
    public void example(Random random, MemorySegment group, long at) {
        GroupFormat.super.example(random, group, at);
        for (int t = 0; t < rows; t++) {
            group.set(ValueLayout.JAVA_BYTE, at + (long) t * rowBytes, (byte) (ONE + random.nextInt(13)));
        }
    }

    /** Of steps there may be many. */
    @Override
    public String toString() {
        return "FeatureLevels[rows=" + rows + ", rowBytes=" + rowBytes + ", directions=" + bits.size() + ", print="
                + Integer.toHexString(bits.hashCode()) + "-" + Integer.toHexString(steps.hashCode()) + "]";
    }
}
