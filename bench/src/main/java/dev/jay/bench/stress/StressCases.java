// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.GemmKernel;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;

/** Every kernel that one provider has code for, over small inputs of odd sizes. Inputs lie in the scratch, which it borrows. */
final class StressCases {
    private static final int ROWS = 37;
    private static final int COLS = 512;
    private static final int[] COUNTS = {1, 5, 34};
    private static final List<String> KV = List.of("f32", "f16", "bf16", "q8_0", "q4_0", "iq4_nl");
    private static final int WIDTH = 64;
    private static final int SLOTS = 2 * AttentionKernel.TILE + 5;
    private static final int QUERIES = 9;
    private static final int DIM = 523;
    private static final int M = 37;
    private static final int N = 53;
    private static final int K = 71;

    private final String provider;
    private final KernelChoice kernels;
    private final Scratch inputs;
    private final Random random = new Random(11);
    private final List<StressCase> cases = new ArrayList<>();

    StressCases(String provider, KernelChoice kernels, Scratch inputs) {
        this.provider = provider;
        this.kernels = kernels;
        this.inputs = inputs;
    }

    List<StressCase> all() {
        for (String format : WeightFormats.ALL.names()) {
            for (Numerics numerics : Numerics.values()) matMuls(WeightFormats.ALL.make(format), numerics);
        }
        for (String format : KV) {
            for (Numerics numerics : Numerics.values()) attention(WeightFormats.ALL.make(format), numerics);
        }
        rows();
        for (Precision precision : Precision.values()) gemm(precision);
        return cases;
    }

    private void add(String name, long outBytes, long roomBytes, StressCase.Call call) {
        cases.add(new StressCase(provider, name, outBytes, roomBytes, call));
    }

    private MemorySegment floats(long count) {
        MemorySegment s = inputs.floats(count);
        for (long i = 0; i < count; i++) Floats.set(s, i, (float) random.nextGaussian());
        return s;
    }

    private MemorySegment coded(WeightFormat format, int rows, int cols) {
        MemorySegment s = inputs.take(format.bytesFor((long) rows * cols));
        long mark = inputs.mark();
        format.encode(floats((long) rows * cols), 0, (long) rows * cols, s, 0);
        inputs.release(mark);
        return s;
    }

    private void matMuls(WeightFormat format, Numerics numerics) {
        for (KernelChoice.From<MatMulKernel> from : kernels.matMuls(format, numerics)) {
            if (!from.provider().equals(provider)) continue;
            MatMulKernel kernel = from.kernel();
            long w = coded(format, ROWS, COLS).address();
            for (int n : COUNTS) {
                long x = floats((long) n * COLS).address();
                long packed =
                        kernel.form() == null ? 0 : Scratch.sizeOf(kernel.form().bytes(n, COLS));
                add(
                        "matmul " + format.name() + " " + numerics + " n=" + n,
                        4L * n * ROWS,
                        packed + kernel.scratchBytes(COLS, n),
                        (out, room) -> {
                            if (packed > 0) kernel.form().pack(x, n, COLS, 0, n, room);
                            long from1 = packed > 0 ? room : x;
                            kernel.run(w, format.bytesFor(COLS), COLS, 0, ROWS, from1, n, out, ROWS, room + packed);
                        });
            }
        }
    }

    private void attention(WeightFormat format, Numerics numerics) {
        KernelChoice.From<AttentionKernel> from = kernels.attention(format, format, WIDTH, WIDTH, numerics);
        if (!from.provider().equals(provider)) return;
        long keys = coded(format, SLOTS, WIDTH).address();
        long values = coded(format, SLOTS, WIDTH).address();
        long queries = floats((long) QUERIES * WIDTH).address();
        long outs = 4L * QUERIES * WIDTH;
        add(
                "attention " + format.name() + " " + numerics,
                outs + 4L * QUERIES,
                from.kernel().scratchBytes(task(format, keys, values, queries, 0)),
                (out, room) -> {
                    AttentionKernel.Task task = task(format, keys, values, queries, out);
                    task.lse = out + outs;
                    from.kernel().run(task, room);
                });
    }

    private static AttentionKernel.Task task(WeightFormat format, long keys, long values, long queries, long out) {
        AttentionKernel.Task task = new AttentionKernel.Task();
        task.keyWidth = WIDTH;
        task.valueWidth = WIDTH;
        task.scale = (float) (1 / Math.sqrt(WIDTH));
        task.queries = QUERIES;
        task.query = queries;
        task.queryStride = WIDTH;
        task.outStride = WIDTH;
        task.lseStride = 1;
        task.visibleFrom = new int[QUERIES];
        task.visibleTo = new int[QUERIES];
        Arrays.setAll(task.visibleTo, i -> SLOTS - QUERIES + 1 + i);
        task.pages = new long[] {keys};
        task.pageSlots = Math.ceilDiv(SLOTS, AttentionKernel.TILE) * AttentionKernel.TILE;
        task.keyRowBytes = format.bytesFor(WIDTH);
        task.valueRowBytes = format.bytesFor(WIDTH);
        task.valuesOffset = values - keys;
        task.toSlot = SLOTS;
        task.out = out;
        return task;
    }

    private void rows() {
        KernelChoice.From<RowKernels> from = kernels.rows();
        if (!from.provider().equals(provider)) return;
        RowKernels rows = from.kernel();
        long x = floats(2L * DIM).address();
        long y = floats(2L * DIM).address();
        add("rms-norm", 8L * DIM, 0, (out, room) -> rows.rmsNorm(x, y, 1e-5f, out, 2, DIM));
        inPlace("rotate", x, (to, n) -> rows.rotate(to, 2, DIM, DIM - 1, y, false));
        inPlace("rotate interleaved", x, (to, n) -> rows.rotate(to, 2, DIM, DIM - 1, y, true));
        inPlace("swiglu", x, (to, n) -> rows.swiGlu(to, y, n));
        inPlace("add", x, (to, n) -> rows.add(to, y, n));
        inPlace("add bias", x, (to, n) -> rows.addBias(to, y, 2, DIM));
        inPlace("softmax", x, (to, n) -> rows.softmax(to, 3, n.intValue()));
        inPlace("argmax", x, (to, n) -> Raws.set(to, rows.argMax(to, n.intValue())));
    }

    private void inPlace(String name, long x, BiConsumer<Long, Long> operation) {
        add(name, 8L * DIM, 0, (out, room) -> {
            Raws.copy(x, out, 8L * DIM);
            operation.accept(out, 2L * DIM);
        });
    }

    private void gemm(Precision precision) {
        KernelChoice.From<GemmKernel> from = kernels.gemm(precision);
        if (!from.provider().equals(provider)) return;
        GemmKernel kernel = from.kernel();
        long a = floats((long) M * K).address();
        long b = floats((long) K * N).address();
        long packedA = Scratch.sizeOf(kernel.packedBytes(M, K));
        long packedB = Scratch.sizeOf(kernel.packedBytes(N, K));
        add("gemm " + precision, 4L * M * N, packedA + packedB + kernel.scratchBytes(), (out, room) -> {
            long scratch = room + packedA + packedB;
            kernel.packA(a, K, false, M, K, room, scratch);
            kernel.packB(b, N, false, N, K, room + packedA, scratch);
            kernel.multiply(room, room + packedA, M, N, K, false, out, N, scratch);
        });
    }
}
