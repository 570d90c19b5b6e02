// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.Recipe;
import dev.jay.train.TrainModel;
import dev.jay.train.Trainer;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameter;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainedWeights;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * A whole step of training beside the products of its matrices alone, timed in turn: what the rest costs. The default
 * shape is that of the model Jay trains for itself.
 */
@CommandLine.Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Speed of a step of training, beside its products alone, and by part.")
final class TrainBench implements Runnable {
    @Option(names = "--threads", split = ",", description = "thread counts; default all cores")
    private List<Integer> threads = List.of();

    @Option(names = "--sequences", defaultValue = "2")
    private int sequences;

    @Option(names = "--length", defaultValue = "1024")
    private int length;

    @Option(names = "--layers", defaultValue = "8")
    private int layers;

    @Option(names = "--precision", defaultValue = "bf16", description = "f32 or bf16")
    private String precision;

    @Option(names = "--optimizer", defaultValue = "adamw")
    private String optimizer;

    @Option(names = "--optimizers", description = "a step of each optimiser in turn, all else left out")
    private boolean optimizers;

    @Option(names = "--batches", defaultValue = "1", description = "of a step of --optimizers (${DEFAULT-VALUE})")
    private int batches;

    @Option(names = "--in-file", defaultValue = "0", description = "blocks whose activations wait in a file, here")
    private int inFile;

    @Option(names = "--provider", description = "begin with this one")
    private String provider;

    @Option(names = "--samples", defaultValue = "7")
    private int samples;

    @Option(
            names = "--cpu-time",
            description = "with one thread: the time it ran, not the clock's; for a machine that others use")
    private boolean cpuTime;

    @Override
    public void run() {
        Cpu cpu = Cpu.detect();
        for (int count : threads.isEmpty() ? List.of(cpu.cores()) : threads) {
            try (Memory memory = Memory.withBudget(8L << 30);
                    KernelChoice kernels = KernelProviders.choose(cpu, provider, memory);
                    Workers workers = Workers.of(count);
                    CpuOps ops = new CpuOps(memory, workers, kernels, 1)) {
                if (optimizers) ofEachOptimizer(memory, ops);
                else if (inFile > 0) besideFile(memory, ops);
                else measure(memory, ops, count);
            }
        }
    }

    private ModelSpec spec() {
        return new Recipe.Shape(384, layers, 6, 2, 64, 1024, 2048, 50000).spec(4096);
    }

    private void ofEachOptimizer(Memory memory, CpuOps ops) {
        ModelSpec spec = spec();
        Precision by = Precision.valueOf(precision.toUpperCase(Locale.ROOT));
        TrainModel.Size size = new TrainModel.Size(sequences, length, false);
        try (Parameters parameters = new Parameters(spec, true, memory);
                TrainModel model = new TrainModel(parameters, ops, by, size, memory)) {
            parameters.randomise(1);
            List<Batch> all = Collections.nCopies(batches, batch(spec.vocabulary()));
            OptimizerSteps.measure(model, ops, all, samples, cpuTime ? OF_THREAD : OF_CLOCK, memory);
        }
    }

    private void measure(Memory memory, CpuOps ops, int count) {
        ModelSpec spec = spec();
        Precision by = Precision.valueOf(precision.toUpperCase(Locale.ROOT));
        Trainer.Plan plan =
                new Trainer.Plan(Optimizers.ALL.make(optimizer), 1e-4, Schedules.ALL.make("constant"), 1 << 20, 1);
        try (Parameters parameters = new Parameters(spec, true, memory);
                Parameters others = new Parameters(spec, true, memory);
                TrainModel model =
                        new TrainModel(parameters, ops, by, new TrainModel.Size(sequences, length, false), memory);
                Trainer trainer = new Trainer(model, ops, plan, memory);
                TrainParts parts = new TrainParts(others, ops, by, sequences, length, memory)) {
            parameters.randomise(1);
            others.randomise(2);
            Batch batch = batch(spec.vocabulary());
            double[] steps = new double[samples];
            double[] products = new double[samples];
            Map<String, double[]> each = new TreeMap<>();
            for (int i = -2; i < samples; i++) {
                double step = seconds(() -> trainer.step(List.of(batch)));
                double alone = seconds(() -> products(others, ops.gemm(by), parts));
                Map<String, Double> now = parts.measure(optimizer, cpuTime ? OF_THREAD : OF_CLOCK);
                if (i < 0) continue;
                steps[i] = step;
                products[i] = alone;
                int at = i;
                now.forEach((k, v) -> each.computeIfAbsent(k, x -> new double[samples])[at] = v);
            }
            print(spec, parameters, count, median(steps), median(products), each);
        }
    }

    /** A pass there and back with all activations in memory, and with those of some blocks in a file, in turn. */
    private void besideFile(Memory memory, CpuOps ops) {
        ModelSpec spec = spec();
        Precision by = Precision.valueOf(precision.toUpperCase(Locale.ROOT));
        TrainModel.Size kept = new TrainModel.Size(sequences, length, false);
        TrainModel.Size filed = new TrainModel.Size(sequences, length, false, inFile);
        try (Parameters parameters = new Parameters(spec, true, memory)) {
            TrainedWeights weights = new TrainedWeights(parameters, ops, ops.gemm(by));
            parameters.randomise(1);
            Batch batch = batch(spec.vocabulary());
            double[][] times = new double[2][samples];
            long[] bytes = new long[2];
            try (TrainModel memoryAlone = new TrainModel(weights, parameters, ops, by, kept, memory)) {
                bytes[0] = memory.byPurpose().get("train-activations");
                try (TrainModel withFile = new TrainModel(weights, parameters, ops, by, filed, memory, Path.of("."))) {
                    bytes[1] = memory.byPurpose().get("train-activations") - bytes[0];
                    for (int i = -2; i < samples; i++) {
                        double alone = seconds(() -> memoryAlone.addGradients(batch, 1));
                        double file = seconds(() -> withFile.addGradients(batch, 1));
                        if (i < 0) continue;
                        times[0][i] = alone;
                        times[1][i] = file;
                    }
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "activations: %d bytes, %.1f ms a pass; with %d blocks in a file %d bytes (%.2f), %.1f ms (%.2f)%n",
                    bytes[0],
                    median(times[0]) * 1e3,
                    inFile,
                    bytes[1],
                    (double) bytes[1] / bytes[0],
                    median(times[1]) * 1e3,
                    median(times[1]) / median(times[0]));
        }
    }

    private Batch batch(int vocabulary) {
        Random random = new Random(1);
        int[] tokens = random.ints((long) sequences * length + 1, 0, vocabulary).toArray();
        int n = tokens.length - 1;
        return new Batch(length, Arrays.copyOf(tokens, n), Arrays.copyOfRange(tokens, 1, n + 1));
    }

    /** y = x . w', dx = dy . w, dw += dy' . x of every matrix. */
    private void products(Parameters parameters, Gemm gemm, TrainParts parts) {
        int n = sequences * length;
        for (Parameter p : parameters.all()) {
            if (!p.isMatrix()) continue;
            Factor x = Factor.of(parts.x(), p.cols());
            Factor y = Factor.of(parts.y(), p.rows());
            Factor w = Factor.of(p.value(), p.cols());
            gemm.run(n, p.rows(), p.cols(), x, Factor.transposed(p.value(), p.cols()), parts.out(), p.rows(), false);
            gemm.run(n, p.cols(), p.rows(), y, w, parts.out(), p.cols(), false);
            gemm.run(p.rows(), p.cols(), n, Factor.transposed(parts.y(), p.rows()), x, p.gradient(), p.cols(), false);
        }
    }

    private void print(
            ModelSpec spec,
            Parameters parameters,
            int count,
            double step,
            double products,
            Map<String, double[]> each) {
        long tokens = (long) sequences * length;
        long matrices = parameters.all().stream()
                .filter(Parameter::isMatrix)
                .mapToLong(Parameter::count)
                .sum();
        double linear = 6.0 * matrices * tokens;
        // Scores and mixing, forward and twice as much backward, half of them behind the causal mask.
        double attention = 6.0 * spec.layers() * spec.heads() * spec.headDim() * (double) length * tokens;
        double rate = (linear + attention) / step / 1e9;
        double alone = linear / products / 1e9;
        System.out.printf(
                Locale.ROOT,
                "train %s threads=%d tokens=%d: step %.1f ms, %.0f tokens/s, %.1f GFLOP/s; products alone %.1f ms,"
                        + " %.1f GFLOP/s; ratio %.2f%n",
                precision,
                count,
                tokens,
                step * 1e3,
                tokens / step,
                rate,
                products * 1e3,
                alone,
                rate / alone);
        each.forEach((part, times) -> {
            double time = median(times);
            System.out.printf(Locale.ROOT, "  %-28s %8.1f ms %5.1f %%%n", part, time * 1e3, 100 * time / step);
        });
    }

    private double seconds(Runnable work) {
        return (cpuTime ? OF_THREAD : OF_CLOCK).seconds(work);
    }

    /** How time is told. */
    interface Watch {
        long nanos();

        default double seconds(Runnable work) {
            long begin = nanos();
            work.run();
            return (nanos() - begin) / 1e9;
        }
    }

    private static final Watch OF_CLOCK = System::nanoTime;
    private static final Watch OF_THREAD = ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime;

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
