// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.format.Matrix;
import java.lang.foreign.MemorySegment;

/** A gain or a bias: one row of f32, asked for at every use as every weight is. */
public record Vector(Matrix row) {
    public Vector {
        if (row.rows() != 1 || !row.format().name().equals("f32")) {
            throw new IllegalArgumentException("a vector is one row of f32: rows=" + row.rows() + ", format="
                    + row.format().name());
        }
    }

    /** Borrowed; valid while the layer is held. */
    public MemorySegment f32() {
        return row.bytes();
    }
}
