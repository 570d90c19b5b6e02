// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;

/** A matrix that lies within another: some of its rows, or some of the floats of its only row. */
public record Cut(Matrix whole, long fromByte, int rows, int cols) implements Matrix {
    public static Cut rows(Matrix whole, int from, int count) {
        return new Cut(whole, from * whole.rowBytes(), count, whole.cols());
    }

    /** Of a vector. */
    public static Cut values(Matrix whole, int from, int count) {
        return new Cut(whole, 4L * from, 1, count);
    }

    @Override
    public WeightFormat format() {
        return whole.format();
    }

    @Override
    public MemorySegment bytes() {
        return whole.bytes().asSlice(fromByte, rows * rowBytes());
    }
}
