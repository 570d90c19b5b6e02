// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static dev.jay.tensor.kernel.CpuOps.address;

import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** {@link GradientOps} by leaf kernels. */
final class CpuGradients implements GradientOps {
    private static final int RANGE = 1 << 16; // values that one sum is taken over
    private static final int CHUNK = 64; // rows whose part of a gain's gradient is one sum

    private final CpuOps ops;
    private final GradientKernels kernels;

    CpuGradients(CpuOps ops, GradientKernels kernels) {
        this.ops = ops;
        this.kernels = kernels;
    }

    private static long floats(long rows, long dim) {
        return rows * dim * Float.BYTES;
    }

    @Override
    public double squares(MemorySegment x, long count) {
        long at = address("squares x", x, floats(1, count));
        int ranges = (int) Math.ceilDiv(count, (long) RANGE);
        double[] parts = new double[ranges];
        ops.run(ops.isWorthSharing(count), ranges, (i, worker) -> {
            long from = (long) i * RANGE;
            parts[i] = kernels.squares(at + floats(1, from), (int) Math.min(RANGE, count - from));
        });
        double sum = 0;
        for (double part : parts) sum += part;
        return sum;
    }

    @Override
    public void causalSoftmax(MemorySegment x, float scale, int first, int count, int dim) {
        checkSeen(first, count, dim);
        long at = address("softmax x", x, floats(count, dim));
        ops.spread(
                count,
                dim,
                (row, some) -> kernels.causalSoftmax(at + floats(row, dim), scale, first + (int) row, (int) some, dim));
    }

    private static void checkSeen(int first, int rows, int dim) {
        if (first < 0 || first + rows > dim) {
            throw new IllegalArgumentException("causal softmax: first=" + first + ", rows=" + rows + ", dim=" + dim
                    + ", wanted: no row sees more than dim");
        }
    }

    @Override
    public void causalSoftmaxGradient(
            MemorySegment weights, MemorySegment d, float scale, int first, int count, int dim) {
        checkSeen(first, count, dim);
        long w = address("softmax weights", weights, floats(count, dim));
        long to = address("softmax gradient", d, floats(count, dim));
        ops.spread(count, dim, (row, some) -> {
            long at = floats(row, dim);
            kernels.causalSoftmaxGradient(w + at, to + at, scale, first + (int) row, (int) some, dim);
        });
    }

    @Override
    public void swiGluGradient(MemorySegment gate, MemorySegment up, MemorySegment d, MemorySegment dUp, long count) {
        long g = address("swiGlu gate", gate, floats(1, count));
        long u = address("swiGlu up", up, floats(1, count));
        long dg = address("swiGlu d", d, floats(1, count));
        long du = address("swiGlu dUp", dUp, floats(1, count));
        ops.spread(count, 1, (i, some) -> {
            long at = floats(1, i);
            kernels.swiGlu(g + at, u + at, dg + at, du + at, some);
        });
    }

    @Override
    public long normScratchBytes(int count, int dim) {
        return Scratch.sizeOf(floats(Math.ceilDiv(count, CHUNK), dim));
    }

    @Override
    public void rmsNormGradient(
            MemorySegment x,
            MemorySegment gain,
            float eps,
            MemorySegment dy,
            MemorySegment dx,
            MemorySegment dGain,
            MemorySegment scratch,
            int count,
            int dim) {
        long from = address("rmsNorm x", x, floats(count, dim));
        long by = address("rmsNorm gain", gain, floats(1, dim));
        long d = address("rmsNorm dy", dy, floats(count, dim));
        long to = address("rmsNorm dx", dx, floats(count, dim));
        int chunks = Math.ceilDiv(count, CHUNK);
        long parts = address("rmsNorm scratch", scratch, floats(chunks, dim));
        ops.run(ops.isWorthSharing((long) count * dim), chunks, (chunk, worker) -> {
            scratch.asSlice(floats(chunk, dim), floats(1, dim)).fill((byte) 0);
            for (int r = chunk * CHUNK; r < Math.min(count, (chunk + 1) * CHUNK); r++) {
                long at = floats(r, dim);
                kernels.rmsNorm(from + at, by, eps, d + at, to + at, parts + floats(chunk, dim), dim);
            }
        });
        for (int chunk = 0; chunk < chunks; chunk++) ops.add(dGain, scratch.asSlice(floats(chunk, dim)), dim);
    }

    @Override
    public void crossEntropy(
            MemorySegment logits, int[] targets, int from, MemorySegment losses, float weight, int count, int dim) {
        long at = address("cross-entropy logits", logits, floats(count, dim));
        long to = address("cross-entropy losses", losses, floats(1, count));
        ops.spread(count, dim, (row, some) -> {
            for (long r = row; r < row + some; r++) {
                int target = targets[from + (int) r];
                if (target >= dim)
                    throw new IllegalArgumentException("cross-entropy: target=" + target + ", of " + dim);
                if (target < 0) logits.asSlice(floats(r, dim), floats(1, dim)).fill((byte) 0);
                float loss = target < 0 ? 0 : kernels.crossEntropy(at + floats(r, dim), target, weight, dim);
                Raw.set(to, r, loss);
            }
        });
    }

    @Override
    public void logSums(MemorySegment x, MemorySegment sums, int count, int dim) {
        long at = address("log-sum x", x, floats(count, dim));
        long to = address("log-sum sums", sums, floats(count, 2));
        ops.spread(count, dim, (row, some) -> {
            for (long r = row; r < row + some; r++) kernels.logSum(at + floats(r, dim), to + floats(r, 2), dim);
        });
    }

    @Override
    public float softmaxGradient(
            MemorySegment x,
            MemorySegment logSums,
            int[] targets,
            int from,
            int first,
            float weight,
            int count,
            int dim) {
        long at = address("softmax x", x, floats(count, dim));
        long by = address("softmax log-sums", logSums, floats(1, count));
        float[] most = new float[count];
        ops.spread(count, dim, (row, some) -> {
            for (long r = row; r < row + some; r++) {
                int target = targets[from + (int) r] - first;
                if (target + first < 0) {
                    x.asSlice(floats(r, dim), floats(1, dim)).fill((byte) 0);
                    continue;
                }
                most[(int) r] = kernels.softmaxPart(at + floats(r, dim), Raw.get(by, r), weight, dim);
                if (target < 0 || target >= dim) continue;
                float p = Raw.get(at + floats(r, dim), target);
                Raw.set(at + floats(r, dim), target, p - weight);
                most[(int) r] = Math.max(most[(int) r], weight - p);
            }
        });
        float highest = 0;
        for (float m : most) highest = Math.max(highest, m);
        return weight == 0 ? 0 : highest / weight;
    }

    @Override
    public void adam(
            MemorySegment w, MemorySegment g, MemorySegment m, MemorySegment v, GradientKernels.Adam by, long count) {
        long weights = address("adam w", w, floats(1, count));
        long gradient = address("adam g", g, floats(1, count));
        long mean = address("adam m", m, floats(1, count));
        long square = address("adam v", v, floats(1, count));
        ops.spread(count, 1, (i, some) -> {
            for (long from = i; from < i + some; from += RANGE) {
                long at = floats(1, from);
                kernels.adam(weights + at, gradient + at, mean + at, square + at, by, (int)
                        Math.min(RANGE, i + some - from));
            }
        });
    }

    @Override
    public void squares(MemorySegment x, MemorySegment sums, int rows, int cols, boolean ofColumns) {
        long at = address("squares x", x, floats(rows, cols));
        long to = address("squares sums", sums, floats(1, ofColumns ? cols : rows));
        if (!ofColumns) {
            ops.spread(rows, cols, (row, some) -> {
                for (long r = row; r < row + some; r++) {
                    Raw.set(to, r, (float) kernels.squares(at + floats(r, cols), cols));
                }
            });
            return;
        }
        ops.spread(cols, rows, (col, some) -> {
            sums.asSlice(floats(1, col), floats(1, some)).fill((byte) 0);
            for (long r = 0; r < rows; r++) {
                kernels.addSquares(to + floats(1, col), at + floats(1, r * cols + col), (int) some);
            }
        });
    }

    @Override
    public void descend(MemorySegment w, MemorySegment g, float step, float keep, long count) {
        long weights = address("descend w", w, floats(1, count));
        long gradient = address("descend g", g, floats(1, count));
        ops.spread(count, 1, (i, some) -> {
            for (long from = i; from < i + some; from += RANGE) {
                long at = floats(1, from);
                kernels.descend(weights + at, gradient + at, step, keep, (int) Math.min(RANGE, i + some - from));
            }
        });
    }

    @Override
    public void descend(
            MemorySegment w, MemorySegment g, MemorySegment steps, float keep, int rows, int cols, boolean byColumns) {
        long weights = address("descend w", w, floats(rows, cols));
        long gradient = address("descend g", g, floats(rows, cols));
        long by = address("descend steps", steps, floats(1, byColumns ? cols : rows));
        ops.spread(rows, cols, (row, some) -> {
            for (long r = row; r < row + some; r++) {
                long at = floats(r, cols);
                if (byColumns) kernels.descendEach(weights + at, gradient + at, by, keep, cols);
                else kernels.descend(weights + at, gradient + at, Raw.get(by, r), keep, cols);
            }
        });
    }
}
