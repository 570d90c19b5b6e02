// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.optimize;

import dev.jay.model.ModelSpec;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.Recipe;
import dev.jay.train.TrainModel;
import dev.jay.train.Trainer;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameters;
import dev.jay.train.optimize.Optimizer;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/**
 * Every optimiser on the same small model, batches and steps, each at the best rate of a few: loss on held-out text,
 * bytes of state, time of a step.
 */
@CommandLine.Command(
        name = "optimizers",
        mixinStandardHelpOptions = true,
        description =
                "Every optimiser on the same small model and text: held-out loss, bytes of state, time of a step.")
public final class OptimizersBench implements Callable<Integer> {
    private static final int SEQUENCES = 4; // of a step
    private static final int LOOKS = 32; // batches of held-out text
    private static final int ROUNDS = 3; // of timing
    private static final int TIMED = 24; // steps of a round
    private static final int SHORT = 8; // a short run is one in so many steps

    private static final String PLAIN = "sgd";

    /** Where the search begins, by the name without its numbers: above it nothing was better at this size. */
    private static final Map<String, Double> USUAL = Map.of(PLAIN, 0.25, "adamw", 1e-3, "lora", 2e-3);

    private static final double COMMON = 4e-3;

    /** State of an eighth of AdamW's, all tensors together; GaLore as it was published; adapters. */
    private static final List<String> MORE = List.of("apollo(rank=22)", "galore(rest=0)", "lora");

    /** What is compared with, beside {@link Optimizers#ALL}. */
    private static final Catalog<Optimizer> BESIDE = Catalog.of("optimizer", AdaptersOptimizer.ENTRY);

    @Option(
            names = "--data",
            required = true,
            split = ",",
            paramLabel = "FILE",
            description = "texts, as for jay train")
    private List<Path> data;

    @Option(names = "--steps", defaultValue = "1200", description = "of each run (${DEFAULT-VALUE})")
    private int steps;

    @Option(names = "--threads", description = "compute threads (all cores)")
    private Integer threads;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "these, not all; adamw and sgd to compare")
    private List<String> only =
            Stream.concat(Optimizers.ALL.names().stream(), MORE.stream()).toList();

    @Option(
            names = "--seeds",
            defaultValue = "1",
            description = "of weights and batches: after the first each runs once, at the rates that were best; losses"
                    + " are their mean (${DEFAULT-VALUE})")
    private int seeds;

    @Option(
            names = "--rows",
            paramLabel = "FILE",
            description = "keeps rows as JSON lines while they come; the same command goes on where it was ended")
    private Path rowsFile;

    @Option(
            names = "--rates",
            defaultValue = "2",
            description = "that whole runs of each try, at most: each half of the one before, while that is better"
                    + " (${DEFAULT-VALUE})")
    private int rates;

    @Option(
            names = "--search",
            description = "begin at the rates that short runs, doubling and halving, find best, not at the usual ones")
    private boolean search;

    @Option(names = "--smoke", description = "a few steps of a smaller model, to see that all of it works")
    private boolean smoke;

    @Option(names = "--write", paramLabel = "DOCS", description = "put table and plot into this folder's numbers.md")
    private Path docs;

    /**
     * One optimiser's run.
     *
     * @param losses  of each step, on text that is learnt
     * @param loss    on held-out text at the end, nats a byte; of several seeds the mean
     * @param bySeed  the same of each seed
     * @param state   bytes it remembers, as published
     * @param counted the same, as the books have it
     * @param step    seconds, median
     * @param peak    bytes of the books at their most
     * @param planned the same by the planner's formula
     */
    record Row(
            String name,
            double rate,
            int seed,
            double[] losses,
            double loss,
            double[] bySeed,
            long state,
            long counted,
            double step,
            long peak,
            long planned) {
        Row timed(double seconds) {
            return new Row(name, rate, seed, losses, loss, bySeed, state, counted, seconds, peak, planned);
        }

        Row with(double[] all) {
            double mean = Arrays.stream(all).average().orElse(loss);
            return new Row(name, rate, seed, losses, mean, all, state, counted, step, peak, planned);
        }
    }

    private record Size(ModelSpec spec, int sequences, int length, int steps) {}

    @Override
    public Integer call() throws IOException {
        Recipe.Shape shape = smoke
                ? new Recipe.Shape(64, 2, 4, 2, 16, 160, 256, 10000)
                : new Recipe.Shape(256, 3, 4, 2, 64, 688, 512, 10000);
        int count = smoke ? 24 : steps;
        Size size = new Size(shape.spec(ByteText.VOCABULARY), SEQUENCES, smoke ? 64 : 256, count);
        ByteText text = ByteText.read(data, 64 << 20, size.length);
        String title = Math.round(parameters(size.spec) / 1e5) / 10.0 + " M parameters, " + count + " steps of "
                + size.sequences * size.length + " bytes of text" + (smoke ? " (smoke: says nothing)" : "");
        System.out.println(title);
        OptimizersLog log = new OptimizersLog(rowsFile, title);
        List<Row> rows = new ArrayList<>();
        Cpu cpu = Cpu.detect();
        try (Workers workers = Workers.of(threads == null ? cpu.cores() : threads)) {
            for (String name : only) {
                Row row = ofSeeds(settled(name, log, size, text, cpu, workers), log, size, text, cpu, workers);
                rows.add(row);
                System.out.println(OptimizersReport.line(row));
            }
            double[] seconds = timed(rows, size, text, cpu, workers);
            for (int i = 0; i < seconds.length; i++) rows.set(i, rows.get(i).timed(seconds[i]));
        }
        OptimizersReport.print(rows);
        if (docs != null) OptimizersReport.write(rows, title, docs);
        return 0;
    }

    private static long parameters(ModelSpec spec) {
        try (Parameters outline = Parameters.outline(spec, true)) {
            return outline.count();
        }
    }

    /** Of a step of each, some steps of all of them in turn: what else the machine does disturbs them alike. */
    private double[] timed(List<Row> rows, Size size, ByteText text, Cpu cpu, Workers workers) {
        double[] least = new double[rows.size()];
        Arrays.fill(least, Double.POSITIVE_INFINITY);
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < least.length; i++) {
                Row row = rows.get(i);
                least[i] = Math.min(least[i], run(row.name, row.rate, 1, size, TIMED, text, cpu, workers).step);
            }
        }
        return least;
    }

    /**
     * At the usual rate, or the one that short runs find best, and at half of it while that is better. Not so what is
     * there for its step and its bytes alone.
     */
    private Row settled(String name, OptimizersLog log, Size size, ByteText text, Cpu cpu, Workers workers)
            throws IOException {
        Row row = log.of(name).orElse(null);
        if (row == null) {
            double rate = search ? best(name, size, text, cpu, workers) : usual(name);
            row = run(name, rate, 1, size, size.steps, text, cpu, workers);
            log.add(row);
        }
        for (int i = 1; i < rates && !name.equals(PLAIN); i++) {
            double rate = row.rate / 2;
            Row half = log.of(name, rate, 1).orElse(null);
            if (half == null) {
                half = run(name, rate, 1, size, size.steps, text, cpu, workers);
                log.add(half);
            }
            if (!(half.loss < row.loss)) return row;
            row = half;
        }
        return row;
    }

    /** At its rate from other beginnings, too. */
    private Row ofSeeds(Row row, OptimizersLog log, Size size, ByteText text, Cpu cpu, Workers workers)
            throws IOException {
        double[] losses = new double[Math.max(1, seeds)];
        losses[0] = row.loss;
        for (int seed = 2; seed <= seeds; seed++) {
            Row other = log.of(row.name, row.rate, seed).orElse(null);
            if (other == null) {
                other = run(row.name, row.rate, seed, size, size.steps, text, cpu, workers);
                log.add(other);
            }
            losses[seed - 1] = other.loss;
        }
        return row.with(losses);
    }

    private static String base(String name) {
        return name.replaceAll("\\(.*", "");
    }

    private static double usual(String name) {
        return USUAL.getOrDefault(base(name), COMMON);
    }

    /** By short runs: twice the rate while that helps, else half of it while that does. */
    private double best(String name, Size size, ByteText text, Cpu cpu, Workers workers) {
        double rate = usual(name);
        double least = briefly(name, rate, size, text, cpu, workers);
        for (double factor : new double[] {2, 0.5}) {
            double began = rate;
            double loss = briefly(name, rate * factor, size, text, cpu, workers);
            while (loss < least) {
                least = loss;
                rate *= factor;
                loss = briefly(name, rate * factor, size, text, cpu, workers);
            }
            if (rate != began) break;
        }
        return rate;
    }

    /** The loss after a short run; infinite if it diverged. */
    private double briefly(String name, double rate, Size size, ByteText text, Cpu cpu, Workers workers) {
        try {
            return run(name, rate, 1, size, Math.max(4, size.steps / SHORT), text, cpu, workers).loss;
        } catch (IllegalStateException e) {
            return Double.POSITIVE_INFINITY;
        }
    }

    private Row run(String name, double rate, int seed, Size size, int count, ByteText text, Cpu cpu, Workers workers) {
        Optimizer optimizer = (BESIDE.names().contains(base(name)) ? BESIDE : Optimizers.ALL).make(name);
        Trainer.Plan plan = new Trainer.Plan(optimizer, rate, Schedules.ALL.make("cosine(warmup=0.1)"), count, 1);
        TrainModel.Size pass = new TrainModel.Size(size.sequences, size.length, false);
        try (Memory memory = Memory.withBudget(4L << 30);
                KernelChoice kernels = KernelProviders.choose(cpu, null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                Parameters parameters = new Parameters(size.spec, true, memory)) {
            long planned = planned(parameters, optimizer, pass, ops, memory);
            try (TrainModel model = new TrainModel(parameters, ops, Precision.BF16, pass, memory);
                    Trainer trainer = new Trainer(model, ops, plan, memory)) {
                parameters.randomise(seed, (float) (1 / Math.sqrt(size.spec.dim())));
                double[] losses = new double[count];
                double[] seconds = new double[count];
                for (int i = 0; i < count; i++) {
                    Batch batch = text.batch(i, seed, size.sequences, size.length);
                    long begin = System.nanoTime();
                    losses[i] = trainer.step(List.of(batch)).loss();
                    seconds[i] = (System.nanoTime() - begin) / 1e9;
                }
                double loss = 0;
                for (int i = 0; i < LOOKS; i++) {
                    loss += model.loss(text.held(i, LOOKS, size.sequences, size.length)) / LOOKS;
                }
                Arrays.sort(seconds);
                double step = seconds[count / 2];
                long state = Trainer.stateBytes(parameters, optimizer);
                long counted = memory.byPurpose().getOrDefault("train-optimizer", 0L);
                double[] all = {loss};
                return new Row(name, rate, seed, losses, loss, all, state, counted, step, memory.peakBytes(), planned);
            }
        }
    }

    /** Before any of it is taken but parameters. */
    private static long planned(
            Parameters parameters, Optimizer optimizer, TrainModel.Size pass, CpuOps ops, Memory memory) {
        Gemm.Room besides = Trainer.room(parameters, optimizer, ops);
        long code = memory.byPurpose().getOrDefault("machine-code", 0L); // there before anything is planned
        return code
                + 2 * parameters.bytes()
                + Trainer.stateBytes(parameters, optimizer)
                + Trainer.scratchBytes(parameters, optimizer, ops)
                + TrainModel.bytes(parameters, ops, Precision.BF16, pass, besides);
    }
}
