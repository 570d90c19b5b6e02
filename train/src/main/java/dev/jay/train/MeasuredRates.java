// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/** Rates of this machine, tried for a moment in the run's folder. */
record MeasuredRates(
        Path folder, Ops ops, Precision precision, Memory memory, LongSupplier nanos, TrainRun.Watcher watcher)
        implements PassChoice.Rates {
    private static final long PIECE = 1 << 20;
    private static final int PIECES = 32;
    private static final int SIDE = 256;
    private static final int ROUNDS = 8;

    @Override
    public double[] disk() {
        try (Region region = memory.reserve("train-rates", PIECE + DirectFile.ALIGNMENT);
                DirectFile file = DirectFile.temporary(folder.resolve("rates.part"))) {
            long from = -region.bytes().address() & (DirectFile.ALIGNMENT - 1);
            MemorySegment piece = region.bytes().asSlice(from, PIECE);
            double written = seconds(() -> {
                for (int i = 0; i < PIECES; i++) file.write(i * PIECE, piece);
            });
            double read = seconds(() -> {
                for (int i = 0; i < PIECES; i++) file.read(i * PIECE, piece, PIECE);
            });
            return new double[] {PIECES * PIECE / written, PIECES * PIECE / read};
        } catch (IOException e) {
            throw new UncheckedIOException("trying the disk of " + folder + ": " + e.getMessage(), e);
        }
    }

    @Override
    public double products() {
        Gemm gemm = ops.gemm(precision);
        long bytes = 4L * SIDE * SIDE;
        try (Region region = memory.reserve("train-rates", 3 * bytes)) {
            Factor a = Factor.of(region.bytes().asSlice(0, bytes), SIDE);
            Factor b = Factor.of(region.bytes().asSlice(bytes, bytes), SIDE);
            MemorySegment c = region.bytes().asSlice(2 * bytes, bytes);
            double best = Double.POSITIVE_INFINITY;
            for (int round = 0; round < ROUNDS; round++) {
                best = Math.min(best, seconds(() -> gemm.run(SIDE, SIDE, SIDE, a, b, c, SIDE, false)));
            }
            return 2.0 * SIDE * SIDE * SIDE / best;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void note(String line) {
        watcher.note(line);
    }

    private interface Work {
        void run() throws IOException;
    }

    private double seconds(Work work) throws IOException {
        long begin = nanos.getAsLong();
        work.run();
        return Math.max(1, nanos.getAsLong() - begin) / 1e9;
    }
}
