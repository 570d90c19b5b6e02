// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.block.Batch;
import dev.jay.train.data.Batches;
import dev.jay.train.data.ExampleData;
import dev.jay.train.report.CurvePlot;
import dev.jay.train.report.Curves;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The steps of one tuning. */
final class TuneLoop {
    private static final double NANOS = 1e9;
    private static final int WARM = 3; // steps until the time of one says something of the next

    /** Writes the adapters as they are. */
    interface Export {
        void write() throws IOException;
    }

    private final TuneRecipe recipe;
    private final Path folder;
    private final TrainModel model;
    private final Trainer trainer;
    private final Batches batches;
    private final ExampleData valid; // null for none
    private final Tokenizer tokenizer;
    private final Checkpoints checkpoints;
    private final int steps;
    private final LongSupplier nanos;
    private final TrainRun.Watcher watcher;
    private final Export export;
    private double best = Double.POSITIVE_INFINITY;
    private int since; // looks at the held-out examples since the best
    private boolean stoppedEarly;
    private long tokens;

    TuneLoop(
            TuneRecipe recipe,
            Path folder,
            TrainModel model,
            Trainer trainer,
            ExampleData data,
            ExampleData valid,
            Tokenizer tokenizer,
            Checkpoints checkpoints,
            int steps,
            LongSupplier nanos,
            TrainRun.Watcher watcher,
            Export export) {
        this.recipe = recipe;
        this.folder = folder;
        this.model = model;
        this.trainer = trainer;
        this.batches = data.shuffled(recipe.seed());
        this.valid = valid;
        this.tokenizer = tokenizer;
        this.checkpoints = checkpoints;
        this.steps = steps;
        this.nanos = nanos;
        this.watcher = watcher;
        this.export = export;
    }

    boolean isDone() {
        return trainer.steps() == steps || stoppedEarly;
    }

    Optional<Curves.Row> run() throws IOException {
        try (Curves curves = new Curves(folder.resolve("curves.csv"), trainer.steps())) {
            for (Curves.Row row : curves.rows()) look(row.validLoss());
            double seconds =
                    curves.rows().isEmpty() ? 0 : curves.rows().getLast().seconds();
            tokens = curves.rows().isEmpty() ? 0 : curves.rows().getLast().tokens();
            double recent = 0; // seconds of a step, of late
            int from = trainer.steps();
            int taken = from; // the step that the last checkpoint is of
            while (!isDone() && !watcher.isCancelled()) {
                long begin = nanos.getAsLong();
                long before = tokens;
                Trainer.Report report = trainer.step(next());
                double spent = (nanos.getAsLong() - begin) / NANOS;
                seconds += spent;
                recent = report.step() - from > WARM ? 0.9 * recent + 0.1 * spent : spent;
                Curves.Row row = row(report, seconds);
                curves.add(row);
                watcher.step(steps, row, (tokens - before) / spent, recent * (steps - report.step()));
                if (!isDue(report.step(), recipe.watch().checkpointEvery())) continue;
                checkpoints.take();
                taken = report.step();
            }
            if (trainer.steps() > taken) checkpoints.take();
            checkpoints.await();
            if (isDone() && valid == null) export.write();
            CurvePlot.write(curves.rows(), recipe.name(), folder.resolve("curves.png"));
            return curves.rows().isEmpty()
                    ? Optional.empty()
                    : Optional.of(curves.rows().getLast());
        }
    }

    private List<Batch> next() {
        TuneRecipe.Steps s = recipe.steps();
        List<Batch> all = new ArrayList<>();
        for (int i = 0; i < s.batches(); i++) {
            Batch batch = batches.batch((long) trainer.steps() * s.batches() + i, s.sequences(), s.length());
            tokens += batch.tokens().length;
            all.add(batch);
        }
        return all;
    }

    private Curves.Row row(Trainer.Report r, double seconds) throws IOException {
        Validation v = Validation.NONE;
        if (valid != null && (isDue(r.step(), recipe.watch().validEvery()) || r.step() == steps)) {
            v = validate();
            if (v.loss() < best) export.write();
            look(v.loss());
        }
        return new Curves.Row(r.step(), r.loss(), r.norm(), r.rate(), tokens, seconds, v.loss(), v.bitsPerByte());
    }

    /** Of the held-out examples' tokens that are to be learnt. */
    private Validation validate() {
        Batches all = valid.inOrder();
        double sum = 0;
        long counted = 0;
        long bytes = 0;
        int sequences = recipe.steps().sequences();
        for (int i = 0; i * sequences < valid.count(); i++) {
            Batch batch = all.batch(i, sequences, recipe.steps().length());
            sum += model.loss(batch) * batch.counted();
            counted += batch.counted();
            for (int t : batch.targets()) if (t != Batch.IGNORED) bytes += tokenizer.bytes(t).length;
        }
        return new Validation(sum / counted, sum / Math.log(2) / Math.max(1, bytes));
    }

    private void look(double loss) {
        if (Double.isNaN(loss)) return;
        since = loss < best ? 0 : since + 1;
        best = Math.min(best, loss);
        int patience = recipe.watch().patience();
        stoppedEarly = patience > 0 && since >= patience;
    }

    private static boolean isDue(int step, int every) {
        return every > 0 && step % every == 0;
    }
}
