// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Runs a kernel on small random blocks before it is trusted. A few milliseconds, when it is first asked for. */
final class SelfTest {
    private static final int ROWS = 5;
    private static final int BLOCKS = 3;
    private static final int LEAST_COLS = 67; // where a block is one weight: whole vectors and a tail
    private static final int ROOM = 4096;
    private static final int[] COUNTS = {1, 5};

    private final Memory memory;
    private final Random random = new Random(7);

    SelfTest(Memory memory) {
        this.memory = memory;
    }

    /** Empty if all is well. */
    Optional<String> matMul(WeightFormat format, MatMulKernel kernel) {
        for (int n : COUNTS) {
            Optional<String> fault = matMul(format, kernel, n);
            if (fault.isPresent()) return fault;
        }
        return kernel.leastRows() == 1 ? Optional.empty() : matMul(format, kernel, kernel.leastRows() + 2);
    }

    private interface RowOperation {
        void run(RowKernels rows, long x, long y);
    }

    /** Two rows, of whole vectors and a tail. Empty if all is well. */
    Optional<String> rows(RowKernels rows) {
        int dim = LEAST_COLS;
        Map<String, RowOperation> operations = new LinkedHashMap<>();
        operations.put("rms-norm", (k, x, y) -> k.rmsNorm(x, y, 1e-5f, x, 2, dim));
        operations.put("rotate interleaved", (k, x, y) -> k.rotate(x, 2, dim, dim - 1, y, true));
        operations.put("rotate", (k, x, y) -> k.rotate(x, 2, dim, dim - 1, y, false));
        operations.put("rotate each", (k, x, y) -> k.rotateEach(x, 2, dim, dim - 1, y, false));
        operations.put("rotate each interleaved", (k, x, y) -> k.rotateEach(x, 2, dim, dim - 1, y, true));
        operations.put("swiglu", (k, x, y) -> k.swiGlu(x, y, 2L * dim));
        operations.put("add", (k, x, y) -> k.add(x, y, 2L * dim));
        operations.put("add bias", (k, x, y) -> k.addBias(x, y, 2, dim));
        operations.put("softmax", (k, x, y) -> k.softmax(x, 3, 2 * dim));
        operations.put("argmax", (k, x, y) -> Raw.set(x, 0, k.argMax(x, 2 * dim)));
        try (Region region = memory.reserve("self-test", ROOM + 8L * dim * Float.BYTES)) {
            Scratch arena = new Scratch(region.bytes());
            MemorySegment y = randomFloats(arena, 2 * dim);
            MemorySegment wanted = arena.floats(2L * dim);
            MemorySegment got = arena.floats(2L * dim);
            for (Map.Entry<String, RowOperation> each : operations.entrySet()) {
                MemorySegment x = randomFloats(wanted, 2 * dim);
                got.copyFrom(x);
                each.getValue().run(new ScalarRows(), wanted.address(), y.address());
                each.getValue().run(rows, got.address(), y.address());
                Optional<String> fault = differs(wanted, got, 2 * dim, 1e-4);
                if (fault.isPresent()) return fault.map(f -> each.getKey() + ": " + f);
            }
        }
        return Optional.empty();
    }

    private interface GradientOperation {
        float run(GradientKernels kernels, long[] at);
    }

    /** One row each, of whole vectors and a tail. Empty if all is well. */
    Optional<String> gradients(GradientKernels kernels) {
        int n = LEAST_COLS;
        GradientKernels.Adam adam = new GradientKernels.Adam(0.5f, 0.9f, 0.8f, 1.5f, 2, 0.1f, 0.99f, 0.1f);
        Map<String, GradientOperation> operations = new LinkedHashMap<>();
        operations.put("squares", (k, at) -> (float) k.squares(at[0], n));
        int half = n / 2; // values of each of two rows
        operations.put("causal softmax", (k, at) -> none(() -> k.causalSoftmax(at[0], 2, half - 2, 2, half)));
        operations.put(
                "softmax", (k, at) -> none(() -> k.causalSoftmaxGradient(at[0], at[1], 0.3f, half - 2, 2, half)));
        operations.put("swiglu", (k, at) -> none(() -> k.swiGlu(at[0], at[1], at[2], at[3], n)));
        operations.put("rms-norm", (k, at) -> none(() -> k.rmsNorm(at[0], at[1], 1e-5f, at[2], at[3], at[4], n)));
        operations.put("cross-entropy", (k, at) -> k.crossEntropy(at[0], n - 2, 0.7f, n));
        operations.put("log-sum", (k, at) -> none(() -> k.logSum(at[0], at[4], n)));
        operations.put("softmax part", (k, at) -> k.softmaxPart(at[0], 1.5f, 0.7f, n));
        operations.put("add squares", (k, at) -> none(() -> k.addSquares(at[0], at[1], n)));
        operations.put("descend", (k, at) -> none(() -> k.descend(at[0], at[1], 0.3f, 0.9f, n)));
        operations.put("descend each", (k, at) -> none(() -> k.descendEach(at[0], at[1], at[2], 0.9f, n)));
        operations.put("adam", (k, at) -> none(() -> k.adam(at[0], at[1], at[2], at[4], adam, n)));
        try (Region region = memory.reserve("self-test", ROOM + 12L * n * Float.BYTES)) {
            Scratch arena = new Scratch(region.bytes());
            long mark = arena.mark();
            for (Map.Entry<String, GradientOperation> each : operations.entrySet()) {
                arena.release(mark);
                MemorySegment[] wanted = new MemorySegment[5];
                MemorySegment[] got = new MemorySegment[5];
                for (int i = 0; i < 5; i++) {
                    wanted[i] = randomFloats(arena, n);
                    // Of Adam: no square is negative.
                    if (i == 4) for (int j = 0; j < n; j++) Raw.set(wanted[i].address(), j, j * 0.01f);
                    got[i] = arena.floats(n).copyFrom(wanted[i]);
                }
                float a = each.getValue().run(new ScalarGradients(), addresses(wanted));
                float b = each.getValue().run(kernels, addresses(got));
                Optional<String> fault =
                        Math.abs(a - b) <= 1e-3 ? Optional.empty() : Optional.of("wanted=" + a + ", got=" + b);
                for (int i = 0; i < 5 && fault.isEmpty(); i++) fault = differs(wanted[i], got[i], n, 1e-4);
                if (fault.isPresent()) return fault.map(f -> each.getKey() + ": " + f);
            }
        }
        return Optional.empty();
    }

    private static float none(Runnable operation) {
        operation.run();
        return 0;
    }

    private static long[] addresses(MemorySegment[] segments) {
        return Arrays.stream(segments).mapToLong(MemorySegment::address).toArray();
    }

    /** One query over a whole tile and a slot more, and beside it one that sees little. Empty if all is well. */
    Optional<String> attention(
            WeightFormat keys, WeightFormat values, int keyWidth, int valueWidth, AttentionKernel kernel) {
        int slots = AttentionKernel.TILE + 1;
        AttentionKernel definition = new ScalarAttention(keys, values);
        AttentionKernel.Task task = new AttentionKernel.Task();
        task.keyWidth = keyWidth;
        task.valueWidth = valueWidth;
        task.scale = (float) (1 / Math.sqrt(keyWidth));
        task.softCap = 2;
        task.queryStride = keyWidth;
        task.outStride = valueWidth;
        task.lseStride = 1;
        task.visibleFrom = new int[] {0, 3};
        task.visibleTo = new int[] {slots, 9};
        task.pageSlots = 2 * AttentionKernel.TILE;
        task.keyRowBytes = keys.bytesFor(keyWidth);
        task.valueRowBytes = values.bytesFor(valueWidth);
        task.valuesOffset = slots * task.keyRowBytes;
        task.toSlot = slots;
        task.queries = 2;
        long working = Math.max(kernel.scratchBytes(task), definition.scratchBytes(task));
        long rowFloats = slots * ((long) keyWidth + valueWidth);
        long coded = slots * (task.keyRowBytes + task.valueRowBytes);
        long biases = (long) slots + AttentionKernel.BIAS_ROOM;
        long all = working
                + coded
                + 4 * (rowFloats + biases)
                + 64L * (keyWidth + valueWidth)
                + ROOM; // with queries, outputs
        try (Region region = memory.reserve("self-test", all)) {
            Scratch arena = new Scratch(region.bytes());
            MemorySegment page = arena.take(coded);
            keys.encode(randomFloats(arena, slots * keyWidth), 0, (long) slots * keyWidth, page, 0);
            MemorySegment valueRows = randomFloats(arena, slots * valueWidth);
            values.encode(valueRows, 0, (long) slots * valueWidth, page, task.valuesOffset);
            task.pages = new long[] {page.address()};
            task.query = randomFloats(arena, 2 * keyWidth).address();
            task.bias = randomFloats(arena, (int) biases).address();
            MemorySegment wanted = arena.floats(2L * valueWidth + 2);
            MemorySegment got = arena.floats(2L * valueWidth + 2);
            long scratch = arena.take(working).address();
            double allowed = 1e-3 + kernel.bound() * (1 + Math.sqrt(keyWidth) / 2); // all rows are in [-1, 1]
            for (int queries = 1; queries <= 2; queries++) {
                task.queries = queries;
                attend(definition, task, wanted.address(), scratch);
                attend(kernel, task, got.address(), scratch);
                Optional<String> fault = differs(wanted, got, queries * valueWidth, allowed);
                long lse = 2L * Float.BYTES * valueWidth;
                if (fault.isEmpty()) fault = differs(wanted.asSlice(lse), got.asSlice(lse), queries, allowed);
                int n = queries;
                if (fault.isPresent()) return fault.map(f -> "queries=" + n + ", " + f);
            }
        }
        return Optional.empty();
    }

    private static void attend(AttentionKernel kernel, AttentionKernel.Task task, long out, long scratch) {
        task.out = out;
        task.lse = out + 2L * Float.BYTES * task.valueWidth;
        kernel.run(task, scratch);
    }

    /** More than a block each way, and less than one, in every way the factors may lie. Empty if all is well. */
    Optional<String> gemm(GemmKernel kernel) {
        int m = 37;
        int n = 53;
        int k = 71;
        int most = n * k;
        GemmKernel definition = new ScalarGemm();
        long packed = 0;
        for (GemmKernel each : List.of(kernel, definition)) {
            packed = Math.max(packed, each.packedBytes(m, k) + each.packedBytes(n, k) + each.scratchBytes());
        }
        try (Region region = memory.reserve("self-test", packed + 8L * Float.BYTES * most + ROOM)) {
            Scratch arena = new Scratch(region.bytes());
            MemorySegment a = randomFloats(arena, most);
            MemorySegment b = randomFloats(arena, most);
            MemorySegment wanted = randomFloats(arena, m * n);
            MemorySegment got = arena.floats((long) m * n);
            long mark = arena.mark();
            for (int way = 0; way < 6; way++) {
                boolean aTransposed = way % 2 == 1;
                boolean bTransposed = way / 2 % 2 == 1;
                got.copyFrom(wanted.asSlice(0, got.byteSize()));
                for (GemmKernel each : List.of(definition, kernel)) {
                    long scratch = arena.take(each.scratchBytes()).address();
                    long packedA = arena.take(each.packedBytes(m, k)).address();
                    long packedB = arena.take(each.packedBytes(n, k)).address();
                    each.packA(a.address(), aTransposed ? m : k, aTransposed, m, k, packedA, scratch);
                    each.packB(b.address(), bTransposed ? k : n, bTransposed, n, k, packedB, scratch);
                    long c = (each == kernel ? got : wanted).address();
                    each.multiply(packedA, packedB, m, n, k, way < 4, c, n, scratch);
                    arena.release(mark);
                }
                double allowed =
                        (kernel.bound() + definition.bound()) * k * 0.4; // norms of values in [-1, 1], with room
                Optional<String> fault = differs(wanted, got, m * n, allowed);
                if (fault.isPresent())
                    return fault.map(f -> "transposed=" + aTransposed + "/" + bTransposed + ", " + f);
            }
        }
        return Optional.empty();
    }

    /** Two groups, to the bit. Empty if all is well. */
    Optional<String> unpack(GroupFormat format, WeightFormat rows, UnpackKernel kernel) {
        UnpackKernel definition = new ScalarUnpack(format, rows);
        long working = Math.max(kernel.scratchBytes(), definition.scratchBytes());
        long decoded = 2L * format.rows() * rows.bytesFor(format.width());
        try (Region region = memory.reserve("self-test", working + 2L * format.bytes() + 2 * decoded + ROOM)) {
            Scratch arena = new Scratch(region.bytes());
            MemorySegment groups = arena.take(2L * format.bytes());
            for (int g = 0; g < 2; g++) format.example(random, groups, (long) g * format.bytes());
            MemorySegment wanted = arena.take(decoded);
            MemorySegment got = arena.take(decoded);
            long scratch = arena.take(working).address();
            definition.run(groups.address(), 2, groups.address(), wanted.address(), scratch);
            kernel.run(groups.address(), 2, groups.address(), got.address(), scratch);
            long at = wanted.mismatch(got);
            return at < 0 ? Optional.empty() : Optional.of("byte=" + at + " of " + decoded);
        }
    }

    /** Three rows. Empty if all is well. */
    Optional<String> turns(TurnKernel.Shape shape, TurnKernel kernel) {
        int n = 3;
        int values = n * shape.width();
        try (Region region = memory.reserve("self-test", ROOM + 32L * values)) {
            Scratch arena = new Scratch(region.bytes());
            long bias = randomFloats(arena, shape.width()).address();
            long angles = randomFloats(arena, n * Math.max(1, shape.dim())).address();
            MemorySegment rows = randomFloats(arena, values);
            MemorySegment same = arena.floats(values).copyFrom(rows);
            MemorySegment wanted = arena.floats(values);
            MemorySegment coded = arena.take(n * shape.to().bytesFor(shape.width()));
            MemorySegment got = arena.floats(values);
            new PlainTurns(shape, new ScalarRows()).run(rows.address(), n, bias, angles, coded.address());
            shape.to().decode(coded, 0, values, wanted, 0);
            kernel.run(same.address(), n, bias, angles, coded.address());
            shape.to().decode(coded, 0, values, got, 0);
            return differs(wanted, got, values, 0.02); // no value is beyond 4, and bf16 has eight bits
        }
    }

    private static Optional<String> differs(MemorySegment wanted, MemorySegment got, int count, double allowed) {
        for (int i = 0; i < count; i++) {
            float a = Raw.get(wanted.address(), i);
            float b = Raw.get(got.address(), i);
            if (!(Math.abs(a - b) <= allowed)) return Optional.of("at=" + i + ", wanted=" + a + ", got=" + b);
        }
        return Optional.empty();
    }

    private Optional<String> matMul(WeightFormat format, MatMulKernel kernel, int n) {
        int cols = Math.max(BLOCKS * format.blockSize(), LEAST_COLS / format.blockSize() * format.blockSize());
        MatMulKernel definition = new ScalarMatMul(format);
        long working = Math.max(kernel.scratchBytes(cols, n), definition.scratchBytes(cols, n));
        long packed = kernel.form() == null ? 0 : kernel.form().bytes(n, cols);
        long all = working + packed + 64L * cols + 8L * n * (cols + ROWS) + ROOM; // every row and its copies
        try (Region region = memory.reserve("self-test", all)) {
            Scratch arena = new Scratch(region.bytes());
            MemorySegment weights = randomFloats(arena, ROWS * cols);
            MemorySegment w = arena.take(format.bytesFor((long) ROWS * cols));
            format.encode(weights, 0, (long) ROWS * cols, w, 0);
            MemorySegment x = randomFloats(arena, n * cols);
            MemorySegment scratch = arena.take(working);
            MemorySegment wanted = arena.floats((long) n * ROWS);
            MemorySegment got = arena.floats((long) n * ROWS);
            long rowBytes = format.bytesFor(cols);
            definition.run(
                    w.address(), rowBytes, cols, 0, ROWS, x.address(), n, wanted.address(), ROWS, scratch.address());
            kernel.run(
                    w.address(),
                    rowBytes,
                    cols,
                    0,
                    ROWS,
                    packed(kernel, x, n, cols, arena),
                    n,
                    got.address(),
                    ROWS,
                    scratch.address());
            double allowed = (kernel.bound() + definition.bound()) * cols * 2; // norms of rows in [-1, 1], with room
            return differs(wanted, got, n * ROWS, allowed).map(f -> "cols=" + cols + ", n=" + n + ", " + f);
        }
    }

    private static long packed(MatMulKernel kernel, MemorySegment x, int n, int cols, Scratch arena) {
        ActivationForm form = kernel.form();
        if (form == null) return x.address();
        MemorySegment packed = arena.take(form.bytes(n, cols));
        form.pack(x.address(), n, cols, 0, n, packed.address());
        return packed.address();
    }

    private MemorySegment randomFloats(Scratch arena, int count) {
        return randomFloats(arena.floats(count), count);
    }

    private MemorySegment randomFloats(MemorySegment s, int count) {
        for (int i = 0; i < count; i++) Raw.set(s.address(), i, random.nextFloat() * 2 - 1);
        return s;
    }
}
