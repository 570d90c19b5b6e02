// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.block.Cut;
import dev.jay.model.block.Linear;
import dev.jay.model.block.Vector;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Weights;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Matrix;
import java.lang.foreign.MemorySegment;

/** A file's weights by name. Every shape is held against what is wanted before anything uses it. */
record Tensors(Weights weights, String architecture) {
    boolean has(String name) {
        return weights.has(name);
    }

    /** Fails if the file lacks a tensor that the family cannot be without. */
    void require(String name) {
        if (!weights.has(name)) {
            throw new MalformedModelException(
                    "model file lacks the tensor " + name + ", which " + architecture + " needs");
        }
    }

    /** A matrix with its bias, if it has one. */
    Linear.Part part(int layer, String site, int rows, int cols) {
        return new Linear.Part(site, matrix(layer, site + ".weight", rows, cols), bias(layer, site, rows));
    }

    /**
     * Some rows of a matrix that the file keeps as one with others, and of its bias.
     *
     * @param site what these rows are called
     */
    Linear.Part part(int layer, String whole, int allRows, int cols, String site, int from, int rows) {
        Matrix all = matrix(layer, whole + ".weight", allRows, cols);
        Vector bias = bias(layer, whole, allRows);
        return new Linear.Part(
                site, Cut.rows(all, from, rows), bias == null ? null : new Vector(Cut.values(bias.row(), from, rows)));
    }

    Vector bias(int layer, String site, int rows) {
        String bias = site + ".bias";
        return weights.has(bias) ? vector(layer, bias, rows) : null;
    }

    Vector vector(int layer, String name, int width) {
        Matrix m = matrix(layer, name, 1, width);
        if (!m.format().name().equals("f32")) {
            throw new MalformedModelException(
                    "tensor " + name + ": wanted format=f32, got " + m.format().name());
        }
        return new Vector(m);
    }

    Matrix matrix(int layer, String name, long rows, int cols) {
        require(name);
        Matrix m = weights.matrix(layer, name);
        if (m.rows() != rows || m.cols() != cols) {
            throw new MalformedModelException("tensor " + name + ": wanted rows=" + rows + ", cols=" + cols
                    + ", got rows=" + m.rows() + ", cols=" + m.cols());
        }
        return m;
    }

    /** The numbers of a vector of the root: positive and finite. */
    float[] factors(String name, int width) {
        weights.hold(Weights.ROOT);
        try {
            MemorySegment bytes = vector(Weights.ROOT, name, width).f32();
            float[] factors = new float[width];
            for (int i = 0; i < width; i++) {
                float v = Floats.get(bytes, i);
                if (!(v > 0 && v < Float.POSITIVE_INFINITY)) {
                    throw new MalformedModelException(
                            "tensor " + name + "[" + i + "]=" + v + ", allowed: positive and finite");
                }
                factors[i] = v;
            }
            return factors;
        } finally {
            weights.release(Weights.ROOT);
        }
    }
}
