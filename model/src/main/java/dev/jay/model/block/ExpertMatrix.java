// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;

/**
 * The matrices of all experts of a layer, one behind the other as files have them, seen as that of one expert at a time:
 * code that is bound to it multiplies by the expert that was turned to last. Confined to the engine thread.
 */
public final class ExpertMatrix implements Matrix {
    private final Matrix all;
    private final int rows;
    private int expert;

    /** @param all of {@code experts} times as many rows */
    public ExpertMatrix(Matrix all, int experts) {
        if (all.rows() % experts != 0) {
            throw new IllegalArgumentException("experts: rows of all=" + all.rows() + ", experts=" + experts);
        }
        this.all = all;
        this.rows = all.rows() / experts;
    }

    void turnTo(int index) {
        expert = index;
    }

    @Override
    public WeightFormat format() {
        return all.format();
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int cols() {
        return all.cols();
    }

    @Override
    public MemorySegment bytes() {
        long bytes = rows * rowBytes();
        return all.bytes().asSlice(expert * bytes, bytes);
    }
}
