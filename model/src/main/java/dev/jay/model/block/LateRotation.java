// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.kv.Turning;
import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/**
 * Turns keys long after they came. A position is {@code far * NEAR + near}, and turning by both in one is a product of two
 * complex numbers, so the tables have as many rows as both have values and not as there are positions.
 */
public final class LateRotation implements Turning {
    private static final int NEAR = 256;

    private final int dim;
    private final boolean interleaved;
    private final int positions;
    private final float[][] farCos; // [positions / NEAR][dim / 2], with the amplitude
    private final float[][] farSin;
    private final float[][] nearCos; // [NEAR][dim / 2]
    private final float[][] nearSin;

    /** @param positions one past the last that is ever turned */
    public LateRotation(ModelSpec.Rotary rotary, int positions) {
        this.dim = rotary.dim();
        this.interleaved = rotary.interleaved();
        this.positions = positions;
        int far = Math.ceilDiv(positions, NEAR);
        int pairs = dim / 2;
        this.farCos = new float[far][pairs];
        this.farSin = new float[far][pairs];
        this.nearCos = new float[NEAR][pairs];
        this.nearSin = new float[NEAR][pairs];
        double[] frequencies = new Rotation(rotary).frequencies();
        fill(farCos, farSin, frequencies, NEAR, rotary.amplitude());
        fill(nearCos, nearSin, frequencies, 1, 1);
    }

    private static void fill(float[][] cos, float[][] sin, double[] frequencies, int step, double amplitude) {
        for (int row = 0; row < cos.length; row++) {
            for (int i = 0; i < frequencies.length; i++) {
                double angle = (double) row * step * frequencies[i];
                cos[row][i] = (float) (amplitude * StrictMath.cos(angle));
                sin[row][i] = (float) (amplitude * StrictMath.sin(angle));
            }
        }
    }

    @Override
    public void turn(MemorySegment keys, long at, int width, int from, int count) {
        if (from < 0 || from + count > positions || dim > width) {
            throw new IllegalArgumentException("keys to be turned: positions=[" + from + ", " + (from + count)
                    + "), allowed up to " + positions + ", width=" + width + ", turned of it=" + dim);
        }
        int pairs = dim / 2;
        float[] row = new float[dim];
        float[] a = new float[pairs];
        float[] b = new float[pairs];
        for (int t = 0; t < count; t++) {
            int far = (from + t) / NEAR;
            int near = (from + t) % NEAR;
            long there = at + 4L * t * width;
            MemorySegment.copy(keys, Floats.LAYOUT, there, row, 0, dim);
            for (int i = 0; i < pairs; i++) {
                a[i] = row[interleaved ? 2 * i : i];
                b[i] = row[interleaved ? 2 * i + 1 : i + pairs];
            }
            turn(a, b, farCos[far], farSin[far], nearCos[near], nearSin[near]);
            for (int i = 0; i < pairs; i++) {
                row[interleaved ? 2 * i : i] = a[i];
                row[interleaved ? 2 * i + 1 : i + pairs] = b[i];
            }
            MemorySegment.copy(row, 0, keys, Floats.LAYOUT, there, dim);
        }
    }

    /** All at the same index: so it becomes vector code. */
    private static void turn(float[] a, float[] b, float[] farCos, float[] farSin, float[] nearCos, float[] nearSin) {
        for (int i = 0; i < a.length; i++) {
            float cos = farCos[i] * nearCos[i] - farSin[i] * nearSin[i];
            float sin = farSin[i] * nearCos[i] + farCos[i] * nearSin[i];
            float x = a[i];
            float y = b[i];
            a[i] = x * cos - y * sin;
            b[i] = x * sin + y * cos;
        }
    }
}
