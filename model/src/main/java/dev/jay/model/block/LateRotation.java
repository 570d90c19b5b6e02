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
    private final float[] farCos; // [positions / NEAR][dim / 2], with the amplitude
    private final float[] farSin;
    private final float[] nearCos; // [NEAR][dim / 2]
    private final float[] nearSin;

    /** @param positions one past the last that is ever turned */
    public LateRotation(ModelSpec.Rotary rotary, int positions) {
        this.dim = rotary.dim();
        this.interleaved = rotary.interleaved();
        this.positions = positions;
        int far = Math.ceilDiv(positions, NEAR);
        int pairs = dim / 2;
        this.farCos = new float[far * pairs];
        this.farSin = new float[far * pairs];
        this.nearCos = new float[NEAR * pairs];
        this.nearSin = new float[NEAR * pairs];
        double[] frequencies = new Rotation(rotary).frequencies();
        fill(farCos, farSin, frequencies, NEAR, rotary.amplitude());
        fill(nearCos, nearSin, frequencies, 1, 1);
    }

    private static void fill(float[] cos, float[] sin, double[] frequencies, int step, double amplitude) {
        for (int i = 0; i < cos.length; i++) {
            int row = i / frequencies.length;
            double angle = (double) row * step * frequencies[i % frequencies.length];
            cos[i] = (float) (amplitude * StrictMath.cos(angle));
            sin[i] = (float) (amplitude * StrictMath.sin(angle));
        }
    }

    @Override
    public void turn(MemorySegment keys, long at, int width, int from, int count) {
        if (from < 0 || from + count > positions || dim > width) {
            throw new IllegalArgumentException("keys to be turned: positions=[" + from + ", " + (from + count)
                    + "), allowed up to " + positions + ", width=" + width + ", turned of it=" + dim);
        }
        float[] row = new float[dim];
        int pairs = dim / 2;
        float[] cos = new float[pairs];
        float[] sin = new float[pairs];
        for (int t = 0; t < count; t++) {
            int far = (from + t) / NEAR * pairs;
            int near = (from + t) % NEAR * pairs;
            for (int i = 0; i < pairs; i++) {
                cos[i] = farCos[far + i] * nearCos[near + i] - farSin[far + i] * nearSin[near + i];
                sin[i] = farSin[far + i] * nearCos[near + i] + farCos[far + i] * nearSin[near + i];
            }
            long there = at + 4L * t * width;
            MemorySegment.copy(keys, Floats.LAYOUT, there, row, 0, dim);
            if (interleaved) turnNeighbours(row, cos, sin);
            else turnHalves(row, cos, sin);
            MemorySegment.copy(row, 0, keys, Floats.LAYOUT, there, dim);
        }
    }

    private static void turnHalves(float[] row, float[] cos, float[] sin) {
        int pairs = cos.length;
        for (int i = 0; i < pairs; i++) {
            float a = row[i];
            float b = row[i + pairs];
            row[i] = a * cos[i] - b * sin[i];
            row[i + pairs] = a * sin[i] + b * cos[i];
        }
    }

    private static void turnNeighbours(float[] row, float[] cos, float[] sin) {
        for (int i = 0; i < cos.length; i++) {
            float a = row[2 * i];
            float b = row[2 * i + 1];
            row[2 * i] = a * cos[i] - b * sin[i];
            row[2 * i + 1] = a * sin[i] + b * cos[i];
        }
    }
}
