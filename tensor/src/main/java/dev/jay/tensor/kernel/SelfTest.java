// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
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
        return Optional.empty();
    }

    private Optional<String> matMul(WeightFormat format, MatMulKernel kernel, int n) {
        int cols = Math.max(BLOCKS * format.blockSize(), LEAST_COLS / format.blockSize() * format.blockSize());
        MatMulKernel definition = new ScalarMatMul(format);
        long working = Math.max(kernel.scratchBytes(cols, n), definition.scratchBytes(cols, n));
        long packed = kernel.form() == null ? 0 : kernel.form().bytes(n, cols);
        long all = working + packed + 64L * cols + ROOM; // every row and its copies
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
                    w.address(), rowBytes, cols, 0, ROWS, packed(kernel, x, n, cols, arena), n, got.address(), ROWS,
                    scratch.address());
            double allowed = (kernel.bound() + definition.bound()) * cols * 2; // norms of rows in [-1, 1], with room
            for (int i = 0; i < n * ROWS; i++) {
                float a = Raw.get(wanted.address(), i);
                float b = Raw.get(got.address(), i);
                if (!(Math.abs(a - b) <= allowed)) {
                    return Optional.of("cols=" + cols + ", n=" + n + ", at=" + i + ", wanted=" + a + ", got=" + b);
                }
            }
        }
        return Optional.empty();
    }

    private static long packed(MatMulKernel kernel, MemorySegment x, int n, int cols, Scratch arena) {
        ActivationForm form = kernel.form();
        if (form == null) return x.address();
        MemorySegment packed = arena.take(form.bytes(n, cols));
        form.pack(x.address(), n, cols, 0, n, packed.address());
        return packed.address();
    }

    private MemorySegment randomFloats(Scratch arena, int count) {
        MemorySegment s = arena.floats(count);
        for (int i = 0; i < count; i++) Raw.set(s.address(), i, random.nextFloat() * 2 - 1);
        return s;
    }
}
