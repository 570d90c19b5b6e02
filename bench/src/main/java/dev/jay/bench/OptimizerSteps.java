// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.TrainModel;
import dev.jay.train.Trainer;
import dev.jay.train.block.Batch;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Whole steps of one model by each optimiser in turn: what else the machine does disturbs them alike. */
final class OptimizerSteps {
    private static final String PLAIN = "sgd"; // first, and what the others are beside
    private static final double RATE = 1e-5; // the weights are everybody's
    private static final int BEFORE = 5; // steps that nobody counts

    private OptimizerSteps() {}

    /** Prints medians of so many steps of each, and of their ratio to the plain one's of the same turn. */
    static void measure(
            TrainModel model, Ops ops, List<Batch> batches, int samples, TrainBench.Watch watch, Memory memory) {
        List<String> names = new ArrayList<>(List.of(PLAIN));
        Optimizers.ALL.names().stream().filter(n -> !n.equals(PLAIN)).forEach(names::add);
        List<Trainer> trainers = new ArrayList<>();
        try {
            for (String name : names) {
                trainers.add(new Trainer(
                        model,
                        ops,
                        new Trainer.Plan(Optimizers.ALL.make(name), RATE, Schedules.ALL.make("constant"), 1 << 20, 1),
                        memory));
            }
            double[][] seconds = new double[names.size()][samples];
            for (int s = -BEFORE; s < samples; s++) {
                for (int i = 0; i < trainers.size(); i++) {
                    Trainer trainer = trainers.get(i);
                    double step = watch.seconds(() -> trainer.step(batches));
                    if (s >= 0) seconds[i][s] = step;
                }
            }
            print(names, seconds, batches.stream().mapToInt(Batch::counted).sum());
        } finally {
            trainers.forEach(Trainer::close);
        }
    }

    private static void print(List<String> names, double[][] seconds, int tokens) {
        System.out.printf(Locale.ROOT, "steps of %d tokens, %d of each in turn%n", tokens, seconds[0].length);
        for (int i = 0; i < names.size(); i++) {
            double[] ratios = new double[seconds[i].length];
            for (int s = 0; s < ratios.length; s++) ratios[s] = seconds[i][s] / seconds[0][s];
            System.out.printf(
                    Locale.ROOT,
                    "  %-12s %8.1f ms, %.3f of %s's; turn by turn %.3f%n",
                    names.get(i),
                    TrainBench.median(seconds[i]) * 1e3,
                    TrainBench.median(seconds[i]) / TrainBench.median(seconds[0]),
                    PLAIN,
                    TrainBench.median(ratios));
        }
    }
}
