// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The matrices of all experts of a layer, one behind the other in one tensor or each its own, seen as that of one expert at
 * a time: code that is bound to it multiplies by the expert that was turned to last. Confined to the engine thread.
 */
public final class ExpertMatrix implements Matrix {
    private final List<Matrix> each;
    private int expert;

    private ExpertMatrix(List<Matrix> each) {
        this.each = List.copyOf(each);
    }

    /** @param each of one shape and one format */
    public static ExpertMatrix of(List<Matrix> each) {
        Matrix first = each.getFirst();
        for (Matrix m : each) {
            if (m.rows() != first.rows() || m.cols() != first.cols() || m.format() != first.format()) {
                throw new IllegalArgumentException(
                        "experts of a layer differ: rows=" + first.rows() + " and " + m.rows()
                                + ", cols=" + first.cols() + " and " + m.cols() + ", format="
                                + first.format().name() + " and " + m.format().name());
            }
        }
        return new ExpertMatrix(each);
    }

    /** @param all of {@code experts} times as many rows */
    public static ExpertMatrix of(Matrix all, int experts) {
        if (all.rows() % experts != 0) {
            throw new IllegalArgumentException("experts: rows of all=" + all.rows() + ", experts=" + experts);
        }
        int rows = all.rows() / experts;
        return new ExpertMatrix(IntStream.range(0, experts)
                .<Matrix>mapToObj(e -> Cut.rows(all, e * rows, rows))
                .toList());
    }

    void turnTo(int index) {
        expert = index;
    }

    @Override
    public WeightFormat format() {
        return each.getFirst().format();
    }

    @Override
    public int rows() {
        return each.getFirst().rows();
    }

    @Override
    public int cols() {
        return each.getFirst().cols();
    }

    @Override
    public MemorySegment bytes() {
        return each.get(expert).bytes();
    }
}
