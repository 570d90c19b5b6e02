// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * Matrix multiplications through {@code Ops}, as a model calls them: one row of activations against matrices that do not
 * fit any cache, and many rows against one matrix; beside them a plain read of as many bytes. Medians of many samples.
 */
@CommandLine.Command(name = "kernels", mixinStandardHelpOptions = true, description = "Speed of the kernels.")
public final class KernelBench implements Runnable {
    private static final int COLS = 2048;
    private static final int ROWS = 8192;
    private static final int MANY_ROWS = 2048;

    @Option(names = "--formats", split = ",", defaultValue = "q8_0,q4_0,q4_k,q6_k,f16,f32")
    private List<String> formats = List.of();

    @Option(names = "--threads", split = ",", description = "thread counts; default 1 and all cores")
    private List<Integer> threads = List.of();

    @Option(names = "--provider", description = "begin with this one")
    private String provider;

    @Option(names = "--megabytes", defaultValue = "640", description = "weights to cycle through")
    private int megabytes;

    @Option(names = "--tokens", split = ",", defaultValue = "512", description = "rows of activations of the products")
    private List<Integer> tokens = List.of();

    @Option(names = "--samples", defaultValue = "25")
    private int samples;

    @Option(names = "--exact", description = "exact numerics instead of fast")
    private boolean exact;

    @Option(names = "--json", description = "rows as JSON lines")
    private boolean json;

    public static void main(String[] args) {
        System.exit(new CommandLine(new KernelBench()).execute(args));
    }

    private record Result(
            String kernel,
            String format,
            String provider,
            String memory,
            String shape,
            int threads,
            long bytes,
            double seconds,
            double rate,
            String unit,
            double bound) {}

    @Override
    public void run() {
        Cpu cpu = Cpu.detect();
        List<Integer> counts = !threads.isEmpty() ? threads : cpu.cores() == 1 ? List.of(1) : List.of(1, cpu.cores());
        long bytes = (long) megabytes << 20;
        try (Memory memory = Memory.withBudget(bytes + (512L << 20));
                KernelChoice kernels = KernelProviders.choose(cpu, provider, memory);
                Region weights = memory.reserve("weights", bytes);
                Region room = memory.reserve("activations", 128 << 20)) {
            if (!json) print("%s; %s%n", cpu.model(), kernels.describe());
            for (int count : counts) {
                try (Workers workers = Workers.of(count)) {
                    double plain = new PlainRead(weights.bytes(), workers).gigabytesPerSecond(samples);
                    show(new Result(
                            "plain-read",
                            "-",
                            "-",
                            "dram",
                            "-",
                            count,
                            bytes,
                            bytes / plain / 1e9,
                            plain,
                            "GB/s",
                            plain));
                    for (String name : formats) measure(memory, kernels, workers, weights, room, name, plain);
                }
            }
        }
    }

    private void measure(
            Memory memory,
            KernelChoice kernels,
            Workers workers,
            Region weights,
            Region room,
            String name,
            double plain) {
        WeightFormat format = WeightFormats.ALL.make(name);
        Scratch scratch = new Scratch(room.bytes());
        Numerics numerics = exact ? Numerics.EXACT : Numerics.FAST;
        String by = kernels.matMul(format, numerics).provider();
        int most = tokens.stream().mapToInt(t -> t).max().orElse(1);
        try (CpuOps ops = new CpuOps(memory, workers, kernels, most)) {
            List<Tensor> matrices = matrices(format, weights.bytes(), ROWS);
            long each = matrices.getFirst().bytes().byteSize();
            double seconds = one(ops, matrices, numerics, scratch) / matrices.size();
            show(new Result(
                    "gemv",
                    name,
                    by,
                    "dram",
                    ROWS + "x" + COLS,
                    workers.count(),
                    each,
                    seconds,
                    each / seconds / 1e9,
                    "GB/s",
                    plain));
            Tensor w = matrices(format, weights.bytes(), MANY_ROWS).getFirst();
            for (int n : tokens) {
                double s = many(ops, w, n, numerics, scratch);
                double rate = 2.0 * MANY_ROWS * COLS * n / s / 1e9;
                show(new Result(
                        "gemm",
                        name,
                        by,
                        "cache",
                        MANY_ROWS + "x" + COLS + "x" + n,
                        workers.count(),
                        w.bytes().byteSize(),
                        s,
                        rate,
                        "GFLOP/s",
                        0));
            }
        }
    }

    /** As many matrices as the region holds, all alike: it is the addresses that matter. */
    private static List<Tensor> matrices(WeightFormat format, MemorySegment room, int rows) {
        long bytes = format.bytesFor((long) rows * COLS);
        List<Tensor> all = new ArrayList<>();
        for (long at = 0; at + bytes <= room.byteSize(); at += bytes) {
            all.add(new Tensor(room.asSlice(at, bytes), format, rows, COLS));
        }
        try (Memory memory = Memory.withBudget(COLS * 4L);
                Region row = memory.reserve("row", COLS * 4L)) {
            fill(row.bytes(), COLS);
            MemorySegment first = all.getFirst().bytes();
            long rowBytes = format.bytesFor(COLS);
            format.encode(row.bytes(), 0, COLS, first, 0);
            for (int r = 1; r < rows; r++) MemorySegment.copy(first, 0, first, r * rowBytes, rowBytes);
        }
        for (Tensor t : all)
            if (t != all.getFirst()) t.bytes().copyFrom(all.getFirst().bytes());
        return all;
    }

    private static void fill(MemorySegment s, int count) {
        Random random = new Random(3);
        for (int i = 0; i < count; i++) s.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }

    /** Seconds for all matrices, one row of activations each. */
    private double one(CpuOps ops, List<Tensor> matrices, Numerics numerics, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment x = scratch.floats(COLS);
        fill(x, COLS);
        MemorySegment y = scratch.floats(ROWS);
        List<MatMul> bound = new ArrayList<>();
        for (Tensor t : matrices) bound.add(ops.bind(List.of(t), numerics));
        double seconds = median(() -> {
            for (MatMul m : bound) {
                long inner = scratch.mark();
                m.run(new Activations(x, 1, COLS, scratch), y);
                scratch.release(inner);
            }
        });
        scratch.release(mark);
        return seconds;
    }

    private double many(CpuOps ops, Tensor w, int n, Numerics numerics, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment x = scratch.floats((long) n * COLS);
        fill(x, n * COLS);
        MemorySegment y = scratch.floats((long) n * MANY_ROWS);
        MatMul bound = ops.bind(List.of(w), numerics);
        double seconds = median(() -> {
            long inner = scratch.mark();
            bound.run(new Activations(x, n, COLS, scratch), y);
            scratch.release(inner);
        });
        scratch.release(mark);
        return seconds;
    }

    private double median(Runnable work) {
        long until = System.nanoTime() + 1_500_000_000L; // warm: until the compiler is done
        do {
            work.run();
        } while (System.nanoTime() < until);
        double[] all = new double[samples];
        for (int i = 0; i < samples; i++) {
            long begin = System.nanoTime();
            work.run();
            all[i] = (System.nanoTime() - begin) / 1e9;
        }
        Arrays.sort(all);
        return all[samples / 2];
    }

    private void show(Result r) {
        double ratio = r.bound == 0 ? 0 : r.rate / r.bound;
        if (json) {
            print(
                    "{\"kernel\":\"%s\",\"format\":\"%s\",\"provider\":\"%s\",\"memory\":\"%s\",\"shape\":\"%s\","
                            + "\"threads\":%d,\"bytes\":%d,\"seconds\":%.9f,\"rate\":%.3f,\"unit\":\"%s\","
                            + "\"bound\":%.3f,\"ratio\":%.4f}%n",
                    r.kernel,
                    r.format,
                    r.provider,
                    r.memory,
                    r.shape,
                    r.threads,
                    r.bytes,
                    r.seconds,
                    r.rate,
                    r.unit,
                    r.bound,
                    ratio);
        } else {
            print(
                    "%-10s %-5s %-11s %-5s %-13s threads=%d %10.1f %-8s %s%n",
                    r.kernel,
                    r.format,
                    r.provider,
                    r.memory,
                    r.shape,
                    r.threads,
                    r.rate,
                    r.unit,
                    r.bound == 0 ? "(no bound measured)" : "%5.1f %%".formatted(ratio * 100));
        }
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format, values);
    }
}
