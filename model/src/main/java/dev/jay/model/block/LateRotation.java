// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.kv.Turning;
import dev.jay.model.ModelSpec;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.RowKernels;
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
    private final float[][] far; // [positions / NEAR][dim / 2] pairs of cosine and sine, with the amplitude
    private final float[] near; // [NEAR][dim / 2] pairs

    /** @param positions one past the last that is ever turned */
    public LateRotation(ModelSpec.Rotary rotary, int positions) {
        this.dim = rotary.dim();
        this.interleaved = rotary.interleaved();
        this.positions = positions;
        this.far = new float[Math.ceilDiv(positions, NEAR)][dim];
        this.near = new float[NEAR * dim];
        double[] frequencies = new Rotation(rotary).frequencies();
        for (int row = 0; row < far.length; row++) fill(far[row], 0, frequencies, row * NEAR, rotary.amplitude());
        for (int row = 0; row < NEAR; row++) fill(near, row * dim, frequencies, row, 1);
    }

    private static void fill(float[] angles, int at, double[] frequencies, int position, double amplitude) {
        for (int i = 0; i < frequencies.length; i++) {
            double angle = position * frequencies[i];
            angles[at + 2 * i] = (float) (amplitude * StrictMath.cos(angle));
            angles[at + 2 * i + 1] = (float) (amplitude * StrictMath.sin(angle));
        }
    }

    @Override
    public int dim() {
        return dim;
    }

    @Override
    public boolean interleaved() {
        return interleaved;
    }

    /** Those of near positions, turned by the far one. */
    @Override
    public void angles(int from, int count, MemorySegment to, long at, RowKernels rows) {
        if (from < 0 || from + count > positions) {
            throw new IllegalArgumentException(
                    "keys to be turned: positions=[" + from + ", " + (from + count) + "), allowed up to " + positions);
        }
        MemorySegment by = to.asSlice(at + 4L * count * dim, 4L * dim);
        for (int p = from; p < from + count; ) {
            int end = Math.min(from + count, (p / NEAR + 1) * NEAR);
            MemorySegment its = to.asSlice(at + 4L * (p - from) * dim, 4L * (end - p) * dim);
            MemorySegment.copy(near, p % NEAR * dim, its, Floats.LAYOUT, 0, (end - p) * dim);
            MemorySegment.copy(far[p / NEAR], 0, by, Floats.LAYOUT, 0, dim);
            rows.rotate(its.address(), end - p, dim, dim, by.address(), true);
            p = end;
        }
    }
}
