// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * Products of float matrices as training calls them: y = x . w' (nt), the gradients dx = dy . w (nn) and dw = dy' . x
 * (tn), at square shapes and at those of a small model. Medians of many samples.
 */
@CommandLine.Command(name = "gemm", mixinStandardHelpOptions = true, description = "Speed of training's products.")
final class GemmBench implements Runnable {
    @Option(names = "--precisions", split = ",", defaultValue = "f32,bf16")
    private List<String> precisions = List.of();

    @Option(
            names = "--shapes",
            split = ",",
            defaultValue = "512x512x512,2048x2048x512,2048x2048x2048,4096x384x384,4096x1024x384,4096x384x1024,"
                    + "4096x4096x384,8192x1024x384",
            description = "MxNxK of c[m][n] = a[m][k] . b[k][n]; m are tokens")
    private List<String> shapes = List.of();

    @Option(names = "--ways", split = ",", defaultValue = "nn,nt,tn", description = "how a and b lie in memory")
    private List<String> ways = List.of();

    @Option(names = "--threads", split = ",", description = "thread counts; default 1 and all cores")
    private List<Integer> threads = List.of();

    @Option(names = "--provider", description = "begin with this one")
    private String provider;

    @Option(names = "--samples", defaultValue = "11")
    private int samples;

    @Override
    public void run() {
        Cpu cpu = Cpu.detect();
        List<Integer> counts = !threads.isEmpty() ? threads : cpu.cores() == 1 ? List.of(1) : List.of(1, cpu.cores());
        try (Memory memory = Memory.withBudget(2L << 30);
                KernelChoice kernels = KernelProviders.choose(cpu, provider, memory)) {
            for (int count : counts) {
                try (Workers workers = Workers.of(count);
                        CpuOps ops = new CpuOps(memory, workers, kernels, 1)) {
                    for (String precision : precisions) measure(memory, ops, count, precision, kernels);
                }
            }
        }
    }

    private void measure(Memory memory, CpuOps ops, int count, String name, KernelChoice kernels) {
        Precision precision = Precision.valueOf(name.toUpperCase(Locale.ROOT));
        Gemm gemm = ops.gemm(precision);
        String by = kernels.gemm(precision).provider();
        for (String shape : shapes) {
            int[] s =
                    Arrays.stream(shape.split("x")).mapToInt(Integer::parseInt).toArray();
            try (Region region =
                    memory.reserve("matrices", 4L * (1L * s[0] * s[2] + 1L * s[2] * s[1] + 1L * s[0] * s[1] + 64))) {
                Scratch room = new Scratch(region.bytes());
                MemorySegment a = filled(room, (long) s[0] * s[2]);
                MemorySegment b = filled(room, (long) s[2] * s[1]);
                MemorySegment c = room.floats((long) s[0] * s[1]);
                for (String way : ways) {
                    boolean tn = way.charAt(0) == 't';
                    boolean nt = way.charAt(1) == 't';
                    int m = tn ? s[2] : s[0]; // a gradient of weights sums over the tokens
                    int k = tn ? s[0] : s[2];
                    Gemm.Factor left = new Gemm.Factor(a, tn ? m : k, tn);
                    MemorySegment right = tn ? c : b;
                    MemorySegment out = tn ? b : c;
                    Gemm.Factor by2 = new Gemm.Factor(right, nt ? k : s[1], nt);
                    double seconds = median(() -> gemm.run(m, s[1], k, left, by2, out, s[1], false));
                    System.out.printf(
                            Locale.ROOT,
                            "gemm %-4s %s %-12s %-15s threads=%d %8.1f GFLOP/s%n",
                            name,
                            way,
                            by,
                            m + "x" + s[1] + "x" + k,
                            count,
                            2.0 * m * s[1] * k / seconds / 1e9);
                }
            }
        }
    }

    private static MemorySegment filled(Scratch room, long count) {
        MemorySegment s = room.floats(count);
        Random random = new Random(3);
        float[] some = new float[4096];
        for (int i = 0; i < some.length; i++) some[i] = (float) random.nextGaussian();
        for (long at = 0; at < count; at += some.length) {
            MemorySegment.copy(some, 0, s, ValueLayout.JAVA_FLOAT, 4 * at, (int) Math.min(some.length, count - at));
        }
        return s;
    }

    private double median(Runnable work) {
        long until = System.nanoTime() + 150_000_000L;
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
}
