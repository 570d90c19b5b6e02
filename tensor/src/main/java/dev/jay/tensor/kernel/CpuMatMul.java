// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Some matrices and their code. Blocks of rows, of the first matrix, then of the second, and so on, are cut into as many
 * streams as there are threads, and these into chunks: large ones first, so that each is long, and small ones last, so that
 * threads end together. Streams give a chunk in turn: a thread that takes every other one, of two, reads on where it ended.
 * For a few tokens, where weights that come from memory are all there is to wait for, a chunk is half of what is left of its
 * stream, down to what comes in some microseconds.
 */
final class CpuMatMul implements MatMul, Workers.Task {
    private static final int STEP = 8; // rows: streams are cut at its multiples for a few tokens
    private static final int BLOCK = 4; // steps that kernels block by
    private static final int FEW = 4; // tokens that kernels take with each row as it comes
    private static final long LAST_BYTES = 32 * 1024; // of a stream's last chunk for them, about
    private static final int CHUNKS = 8; // of a stream for more
    private static final int MANY = 256; // tokens: for each chunk of rows all of them come from far
    private static final int LEAST_BLOCKS = 8; // of a chunk, in the mean, of so many tokens

    private final CpuOps ops;
    private final List<Matrix> matrices;
    private final MatMulKernel[][] code; // of each matrix, by the rows they are for, most first
    private final int cols;
    private final int[] firstStep; // of each matrix, where a block begins, and one past the last
    private final int streams;
    private final int halves; // chunks of a stream for a few tokens
    private final long rows; // of all

    // Of the call in progress; calls come one at a time.
    private final long[] w;
    private final long[] x;
    private final long[] y;
    private final MatMulKernel[] now;
    private int n;
    private int each; // chunks of a stream

    CpuMatMul(CpuOps ops, List<Matrix> matrices, MatMulKernel[][] code) {
        this.ops = ops;
        this.matrices = matrices;
        this.code = code;
        this.cols = matrices.getFirst().cols();
        this.rows = matrices.stream().mapToLong(Matrix::rows).sum();
        this.firstStep = new int[code.length + 1];
        for (int i = 0; i < code.length; i++) {
            firstStep[i + 1] = firstStep[i] + Math.ceilDiv(matrices.get(i).rows(), STEP * BLOCK) * BLOCK;
        }
        this.streams = ops.workers();
        long bytes = matrices.stream().mapToLong(m -> m.rows() * m.rowBytes()).sum();
        this.halves = 1 + Long.SIZE - Long.numberOfLeadingZeros(bytes / streams / LAST_BYTES);
        this.w = new long[code.length];
        this.x = new long[code.length];
        this.y = new long[code.length];
        this.now = new MatMulKernel[code.length];
    }

    /**
     * The step that a stream has come to after so many chunks of it. For a few tokens each halves what is left; for more what
     * is left, as a part of all, falls with the square of the chunks that are left.
     */
    private int edge(int stream, int given) {
        long blocks = firstStep[code.length] / BLOCK;
        int from = (int) (blocks * stream / streams);
        int to = (int) (blocks * (stream + 1) / streams);
        if (n <= FEW) return given == each ? to * BLOCK : to * BLOCK - ((to - from) * BLOCK >> given);
        long all = each;
        long left = all - given;
        return (to - (int) Math.ceilDiv((to - from) * left * left, all * all)) * BLOCK;
    }

    @Override
    public void run(Activations input, MemorySegment... out) {
        if (out.length != code.length) {
            throw new IllegalArgumentException("matmul: matrices=" + code.length + ", outputs=" + out.length);
        }
        if (input.cols() != cols) {
            throw new IllegalArgumentException("matmul: cols=" + cols + ", input has " + input.cols());
        }
        n = input.n();
        if (n == 0) return;
        boolean shared = ops.isWorthSharing(rows * cols * n);
        for (int i = 0; i < code.length; i++) {
            Matrix m = matrices.get(i);
            w[i] = CpuOps.address("matmul weights", m.bytes(), m.rows() * m.rowBytes());
            y[i] = CpuOps.address("matmul output", out[i], (long) n * m.rows() * Float.BYTES);
            now[i] = forRows(code[i], n);
            x[i] = packed(input, now[i].form(), shared);
            ops.reserveScratch(now[i].scratchBytes(cols, n)); // grows only past the rows declared when bound
        }
        int blocks = firstStep[code.length] / BLOCK / streams / (n < MANY ? 1 : LEAST_BLOCKS);
        each = streams == 1 ? 1 : n <= FEW ? halves : Math.clamp(blocks, 1, CHUNKS);
        ops.run(shared, streams * each, this);
    }

    @Override
    public long scratchBytes(int rows) {
        long most = formBytes(rows);
        for (MatMulKernel[] kernels : code) {
            for (MatMulKernel k : kernels) { // fewer rows may take another form, and more bytes
                int fewer = k.leastRows() - 1;
                if (fewer > 0 && fewer < rows) most = Math.max(most, formBytes(fewer));
            }
        }
        return most;
    }

    private static MatMulKernel forRows(MatMulKernel[] kernels, int n) {
        int i = 0;
        while (kernels[i].leastRows() > n) i++;
        return kernels[i];
    }

    /** Of the forms that are taken for n rows. */
    private long formBytes(int n) {
        return Arrays.stream(code)
                .map(kernels -> forRows(kernels, n).form())
                .filter(Objects::nonNull)
                .distinct()
                .mapToLong(form -> Scratch.sizeOf(form.bytes(n, cols)))
                .sum();
    }

    private long packed(Activations input, ActivationForm form, boolean shared) {
        long plain = CpuOps.address("matmul input", input.f32(), (long) n * cols * Float.BYTES);
        if (form == null) return plain;
        MemorySegment there = input.find(form);
        if (there != null) return there.address();
        long room = input.add(form).address();
        int each = Math.ceilDiv(Math.ceilDiv(n, ops.workers()), form.together()) * form.together();
        ops.run(
                shared && n > 1,
                Math.ceilDiv(n, each),
                (chunk, worker) -> form.pack(plain, n, cols, chunk * each, Math.min(n, (chunk + 1) * each), room));
        return room;
    }

    @Override
    public void run(int chunk, int worker) {
        int begin = edge(chunk % streams, chunk / streams);
        int end = edge(chunk % streams, chunk / streams + 1);
        for (int i = 0; i < code.length; i++) {
            Matrix m = matrices.get(i);
            int from = (Math.max(begin, firstStep[i]) - firstStep[i]) * STEP;
            int to = Math.min(m.rows(), (Math.min(end, firstStep[i + 1]) - firstStep[i]) * STEP);
            if (from >= to) continue;
            now[i].run(w[i], m.rowBytes(), cols, from, to, x[i], n, y[i], m.rows(), ops.scratchOf(worker));
        }
    }
}
