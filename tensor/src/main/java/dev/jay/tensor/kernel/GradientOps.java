// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import java.lang.foreign.MemorySegment;

/**
 * What training does between products, on f32 rows: checked, and spread over the compute threads. A result depends on
 * its row alone; sums over rows are taken in an order that threads do not change. Called by one thread at a time.
 */
public interface GradientOps {
    /** The sum of x[i]^2, in float64. */
    double squares(MemorySegment x, long count);

    /** x[r] = softmax(x[r][0 .. first + r] * scale), and zeros behind: row r sees first + r + 1 of {@code dim} values. */
    void causalSoftmax(MemorySegment x, float scale, int first, int rows, int dim);

    /** d[r] = weights[r] * (d[r] - weights[r] . d[r]) * scale, over the first + r + 1 values that row r sees; else zeros. */
    void causalSoftmaxGradient(MemorySegment weights, MemorySegment d, float scale, int first, int rows, int dim);

    /** Of silu(gate) * up: d becomes the gradient of gate, dUp is set to that of up. */
    void swiGluGradient(MemorySegment gate, MemorySegment up, MemorySegment d, MemorySegment dUp, long count);

    /**
     * Of {@link Ops#rmsNorm}: dx += the gradient of x, dGain += that of the gain.
     *
     * @param scratch {@link #normScratchBytes}
     */
    void rmsNormGradient(
            MemorySegment x,
            MemorySegment gain,
            float eps,
            MemorySegment dy,
            MemorySegment dx,
            MemorySegment dGain,
            MemorySegment scratch,
            int rows,
            int dim);

    long normScratchBytes(int rows, int dim);

    /**
     * logits[r] become their gradients, (softmax - [is target]) * weight; zeros where the target is negative.
     *
     * @param losses [rows], set to -log(softmax(logits)[target]); 0 where the target is negative
     */
    void crossEntropy(
            MemorySegment logits, int[] targets, int from, MemorySegment losses, float weight, int rows, int dim);

    /** {@link GradientKernels#logSum} of each row: sums[r] goes on over x[r]. */
    void logSums(MemorySegment x, MemorySegment sums, int rows, int dim);

    /**
     * Some columns of logits become their gradients, (softmax - [is target]) * weight; zeros where the target is negative.
     *
     * @param logSums [rows], of whole rows
     * @param targets row r's is {@code targets[from + r]}, one of these columns or not
     * @param first   the column of the whole that x begins with
     * @return the greatest magnitude that any of them may have, of weight 1
     */
    float softmaxGradient(
            MemorySegment x,
            MemorySegment logSums,
            int[] targets,
            int from,
            int first,
            float weight,
            int rows,
            int dim);

    /**
     * The squares of the lengths of the rows, or of the columns.
     *
     * @param sums f32 [rows], or [cols]; set
     */
    void squares(MemorySegment x, MemorySegment sums, int rows, int cols, boolean ofColumns);

    /** w = w * keep - step * g, of so many weights. */
    void descend(MemorySegment w, MemorySegment g, float step, float keep, long count);

    /**
     * The same with a step for each row, or for each column.
     *
     * @param steps f32 [rows], or [cols]
     */
    void descend(
            MemorySegment w, MemorySegment g, MemorySegment steps, float keep, int rows, int cols, boolean byColumns);

    /** {@link GradientKernels#adam}, of so many weights. */
    void adam(MemorySegment w, MemorySegment g, MemorySegment m, MemorySegment v, GradientKernels.Adam by, long count);
}
