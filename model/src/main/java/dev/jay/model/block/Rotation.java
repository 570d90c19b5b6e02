// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** The cosines and sines of a way of turning. In double precision. */
public final class Rotation {
    private final int dim;
    private final double amplitude;
    private final double[] frequencies;

    public Rotation(ModelSpec.Rotary rotary) {
        this.dim = rotary.dim();
        this.amplitude = rotary.amplitude();
        this.frequencies = new double[dim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            double factor = rotary.factors().length == 0 ? 1 : rotary.factors()[i];
            frequencies[i] = StrictMath.pow(rotary.base(), -2.0 * i / dim) / factor;
        }
    }

    /** The angle of a pair at position 1, in radians. */
    double[] frequencies() {
        return frequencies.clone();
    }

    /** (cos, sin) of each pair for each row of the pass, [rows][dim] f32, from its scratch. */
    public MemorySegment table(Pass pass) {
        MemorySegment table = pass.floats(dim);
        for (Span span : pass.spans()) {
            for (int t = 0; t < span.count(); t++) row(span.position() + t, table, (long) (span.row() + t) * dim);
        }
        return table;
    }

    /** Bytes that {@link #table} takes for so many rows. */
    public long tableBytes(int rows) {
        return Scratch.sizeOf(4L * rows * dim);
    }

    private void row(int position, MemorySegment table, long at) {
        for (int i = 0; i < frequencies.length; i++) {
            double angle = position * frequencies[i];
            Floats.set(table, at + 2L * i, (float) (amplitude * StrictMath.cos(angle)));
            Floats.set(table, at + 2L * i + 1, (float) (amplitude * StrictMath.sin(angle)));
        }
    }
}
