// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.format.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The arithmetic of a forward pass, bound when a model is built: this CPU now, another device or a cluster behind the
 * same calls. Checks lengths, then spreads leaf kernels over the compute threads. Called by one thread at a time.
 */
public interface Ops extends AutoCloseable {
    /** Which provider runs what, and why it was chosen; for people. */
    String describe();

    /** Code for matrices that share their input. All have the same cols. */
    MatMul bind(List<? extends Matrix> group, Numerics numerics);

    /** Code for attention over rows in these formats; never null (the definition serves where nothing faster does). */
    AttentionKernel attention(WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, Numerics numerics);

    /** Code that decodes groups of coded rows into rows in a format, for one thread; never null. */
    UnpackKernel unpack(GroupFormat format, WeightFormat rows);

    /**
     * Code for one thread's share of a product with rows in a format, exact, for those who spread their work themselves;
     * never null.
     */
    MatMulKernel rowProducts(WeightFormat format);

    /** Code for one thread's share of a product of two float matrices, for the same; never null. */
    GemmKernel floatProducts(Precision precision);

    /** Code for rows that are turned one by one, for the same; never null. */
    TurnKernel turns(TurnKernel.Shape shape);

    /** Code for the small operations on one thread, for the same; never null. */
    RowKernels rowOperations();

    /** Code for products of two float matrices. */
    Gemm gemm(Precision precision);

    /** Code for what training does between products. */
    GradientOps gradients();

    void rmsNorm(MemorySegment x, MemorySegment gain, float eps, MemorySegment out, int rows, int dim);

    /** @param table for each of {@code n} rows, rotaryDim/2 pairs (cos, sin): [n][rotaryDim] f32 */
    void rotate(MemorySegment x, int n, int heads, int dim, int rotaryDim, MemorySegment table, boolean interleaved);

    void swiGlu(MemorySegment x, MemorySegment y, long count);

    /** out = silu(x) * y; x stays. */
    void swiGlu(MemorySegment out, MemorySegment x, MemorySegment y, long count);

    /** x = gelu(x) * y, gelu by its formula with tanh. What y holds is spent. */
    void geGlu(MemorySegment x, MemorySegment y, long count);

    /** x = gelu(x), by the error function. */
    void gelu(MemorySegment x, long count);

    /** x = cap * tanh(x / cap). */
    void softCap(MemorySegment x, float cap, long count);

    void scale(MemorySegment x, float by, long count);

    /** out[r] = (x[r] - mean) / sqrt(variance + eps) * gain + bias; out may be x. */
    void layerNorm(
            MemorySegment x, MemorySegment gain, MemorySegment bias, float eps, MemorySegment out, int rows, int dim);

    void add(MemorySegment x, MemorySegment y, long count);

    void addBias(MemorySegment x, MemorySegment bias, int rows, int dim);

    int argMax(MemorySegment x, int count);

    /** Runs task(i, worker) for every i in [0, count), on the compute threads; returns when all are done. */
    void forEach(int count, Workers.Task task);

    /**
     * The same arithmetic for one worker's part of a {@link #forEach}: it stays on the thread that calls it. Called by
     * one thread at a time; closed with these.
     */
    Ops ofWorker(int worker);

    /** x = y. */
    void copy(MemorySegment x, MemorySegment y, long count);

    /** How many threads {@link #forEach} uses; the worker argument is below it. */
    int workers();

    /** Releases its working space; nothing bound by it may run afterwards. */
    @Override
    default void close() {}
}
