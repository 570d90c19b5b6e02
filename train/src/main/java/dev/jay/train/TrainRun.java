// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.Quantizer;
import dev.jay.model.load.WeightSource;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameters;
import dev.jay.train.block.TrainedWeights;
import dev.jay.train.data.Batches;
import dev.jay.train.data.Echoes;
import dev.jay.train.data.TokenData;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import dev.jay.train.report.CurvePlot;
import dev.jay.train.report.Curves;
import dev.jay.train.skill.SkillBatches;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A recipe, carried out in a folder: {@code train.tokens} and {@code valid.tokens}, checkpoints, {@code curves.csv} and
 * {@code curves.png}, {@code samples.txt}, and at the end NAME-f32.gguf and NAME-q8_0.gguf. Begun again in the same
 * folder it goes on from the last checkpoint, bit for bit.
 */
public final class TrainRun {
    private static final double NANOS = 1e9;
    private static final int WARM = 3; // steps until the time of one says something of the next

    /** Told of everything; decides when to stop. Called on the thread that runs. */
    public interface Watcher {
        void planned(TrainRoom room);

        void reading(String what, long bytes, long total);

        void step(int steps, Curves.Row row, double tokensPerSecond, double secondsLeft);

        void note(String line);

        /** Asked after each step; what was learnt until then is in a checkpoint. */
        boolean isCancelled();
    }

    /**
     * @param model what was written at the end; empty if the run was cancelled
     * @param last  step taken; empty if there was none to take
     */
    public record Outcome(Optional<Path> model, Optional<Curves.Row> last) {}

    private final Recipe recipe;
    private final Path folder;
    private final Memory memory;
    private final Workers workers;
    private final LongSupplier nanos;
    private final Watcher watcher;

    /** @param nanos a clock for tokens per second; nothing that is learnt depends on it */
    public TrainRun(Recipe recipe, Path folder, Memory memory, Workers workers, LongSupplier nanos, Watcher watcher) {
        this.recipe = recipe;
        this.folder = folder;
        this.memory = memory;
        this.workers = workers;
        this.nanos = nanos;
        this.watcher = watcher;
    }

    /** As {@link #run(KernelChoice, boolean)}, of a recipe that is what it was. */
    public Outcome run(KernelChoice kernels) throws IOException {
        return run(kernels, false);
    }

    /**
     * @param changed whether the recipe may have changed since the folder's checkpoint, in all but the model's shape;
     *     {@code recipes.txt} says which held from which step on
     * @throws IOException if a file cannot be read or written, or the folder holds another run
     */
    public Outcome run(KernelChoice kernels, boolean changed) throws IOException {
        Files.createDirectories(folder);
        Metadata metadata;
        try (WeightSource source = ModelFiles.open(memory, recipe.texts().tokenizer())) {
            metadata = TrainedFile.tokenizerOf(source.metadata());
        }
        Tokenizer tokenizer = Tokenizers.from(metadata);
        try (CpuOps ops = new CpuOps(memory, workers, kernels, 1)) {
            TrainRoom room =
                    TrainRoom.fitting(recipe, tokenizer.size(), ops, memory.budget() - memory.promised(), rates(ops));
            watcher.planned(room);
            return run(ops, room, metadata, tokenizer, changed);
        }
    }

    private Outcome run(CpuOps ops, TrainRoom room, Metadata metadata, Tokenizer tokenizer, boolean changed)
            throws IOException {
        try (Parameters parameters = new Parameters(recipe.shape().spec(tokenizer.size()), true, memory);
                TrainModel model = model(parameters, ops, room.size());
                Trainer trainer = new Trainer(model, ops, plan(recipe), memory);
                TokenData data = data(recipe.texts().data(), tokenizer, "train.tokens");
                TokenData valid = recipe.texts().valid().isEmpty()
                        ? null
                        : data(recipe.texts().valid(), tokenizer, "valid.tokens");
                Checkpoints checkpoints = new Checkpoints(folder, recipe.identity(), trainer, memory)) {
            int from = checkpoints.resume(watcher::note, changed);
            if (from == 0) begin(parameters, trainer);
            trainer.resume(from);
            noteRecipe(from);
            Loop loop = new Loop(model, trainer, tokenizer, data, valid, checkpoints);
            Optional<Curves.Row> last = loop.run();
            if (trainer.steps() < recipe.count() && !loop.stoppedEarly) return new Outcome(Optional.empty(), last);
            return new Outcome(Optional.of(export(parameters, metadata)), last);
        }
    }

    /** Which recipe holds from that step on, if it is not the last that was noted. */
    private void noteRecipe(int from) throws IOException {
        Path file = folder.resolve("recipes.txt");
        List<String> noted = Files.exists(file) ? Files.readAllLines(file) : List.of();
        if (!noted.isEmpty() && noted.getLast().endsWith(": " + recipe.identity())) return;
        Files.writeString(
                file,
                "after step " + from + ": " + recipe.identity() + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private PassChoice.Rates rates(CpuOps ops) {
        return new MeasuredRates(folder, ops, recipe.steps().precision(), memory, nanos, watcher);
    }

    private TrainModel model(Parameters parameters, CpuOps ops, TrainModel.Size size) {
        Precision precision = recipe.steps().precision();
        TrainedWeights weights = new TrainedWeights(parameters, ops, ops.gemm(precision));
        return new TrainModel(weights, parameters, ops, precision, size, memory, folder);
    }

    private static Batches batches(Recipe of, TokenData data, Tokenizer tokenizer) {
        Recipe.Texts texts = of.texts();
        Batches text = data.shuffled(of.seed());
        Batches all = text;
        if (texts.skills() > 0 || texts.skillsAlone() > 0) {
            long alone = (long) texts.skillsAlone() * of.steps().batches();
            all = SkillBatches.of(texts.skillNames(), tokenizer, of.seed(), texts.skillReach())
                    .among(text, texts.skills(), alone);
        }
        return texts.echoes() == 0 ? all : Echoes.among(all, text, texts.echoes(), of.seed());
    }

    /** A checkpoint that broke off may have left anything. */
    private void begin(Parameters parameters, Trainer trainer) throws IOException {
        trainer.parts().forEach(part -> part.fill((byte) 0));
        if (recipe.texts().start().isEmpty()) {
            parameters.randomise(recipe.seed());
            return;
        }
        try (WeightSource source =
                ModelFiles.open(memory, recipe.texts().start().get())) {
            TrainedFile.read(source, parameters);
        }
    }

    private static Trainer.Plan plan(Recipe of) {
        Recipe.Steps s = of.steps();
        return new Trainer.Plan(
                Optimizers.ALL.make(s.optimizer()), s.rate(), Schedules.ALL.make(s.schedule()), s.count(), s.clip());
    }

    private TokenData data(List<Path> files, Tokenizer tokenizer, String name) throws IOException {
        return TokenData.ofText(
                files, tokenizer, folder.resolve(name), memory, (read, total) -> watcher.reading(name, read, total));
    }

    private Path export(Parameters parameters, Metadata metadata) throws IOException {
        Path plain = folder.resolve(recipe.name() + "-f32.gguf");
        Path coded = folder.resolve(recipe.name() + "-q8_0.gguf");
        TrainedFile.write(parameters, recipe.name(), metadata, plain);
        Quantizer.run(memory, workers, plain, coded, WeightFormats.ALL.make("q8_0"), (done, total, tensor) -> {});
        return coded;
    }

    /** The steps of one run. */
    private final class Loop {
        private final TrainModel model;
        private final Trainer trainer;
        private final Tokenizer tokenizer;
        private final TokenData data;
        private final TokenData valid;
        private final Checkpoints checkpoints;
        private Recipe now; // what holds for the next step
        private Batches batches; // of it
        private double best = Double.POSITIVE_INFINITY;
        private int since; // looks at the valid texts since the best
        private boolean stoppedEarly;
        private int taken; // the step that the last checkpoint is of
        private long takenAt;

        Loop(
                TrainModel model,
                Trainer trainer,
                Tokenizer tokenizer,
                TokenData data,
                TokenData valid,
                Checkpoints checkpoints) {
            this.model = model;
            this.trainer = trainer;
            this.tokenizer = tokenizer;
            this.data = data;
            this.valid = valid;
            this.checkpoints = checkpoints;
            this.taken = trainer.steps();
            this.takenAt = nanos.getAsLong();
        }

        Optional<Curves.Row> run() throws IOException {
            int count = recipe.count();
            try (Curves curves = new Curves(folder.resolve("curves.csv"), trainer.steps())) {
                for (Curves.Row row : curves.rows()) look(row.validLoss());
                double seconds =
                        curves.rows().isEmpty() ? 0 : curves.rows().getLast().seconds();
                double recent = 0; // seconds of a step, of late
                long tokens =
                        curves.rows().isEmpty() ? 0 : curves.rows().getLast().tokens();
                int from = trainer.steps();
                while (trainer.steps() < count && !stoppedEarly && !watcher.isCancelled()) {
                    long begin = nanos.getAsLong();
                    Trainer.Report report = trainer.step(next());
                    double spent = (nanos.getAsLong() - begin) / NANOS;
                    seconds += spent;
                    boolean warm = report.step() - from > WARM;
                    recent = warm ? 0.9 * recent + 0.1 * spent : spent;
                    tokens += now.steps().tokens();
                    Curves.Row row = row(report, tokens, seconds);
                    curves.add(row);
                    double rate = now.steps().tokens() / recent;
                    watcher.step(count, row, rate, recent * (count - report.step()));
                    after(report.step(), curves);
                }
                if (trainer.steps() > taken) take();
                checkpoints.await();
                draw(curves);
                return curves.rows().isEmpty()
                        ? Optional.empty()
                        : Optional.of(curves.rows().getLast());
            }
        }

        private List<Batch> next() {
            int taken = trainer.steps();
            if (now != recipe.after(taken)) {
                now = recipe.after(taken);
                trainer.follow(plan(now));
                batches = batches(now, data, tokenizer);
            }
            Recipe.Steps s = now.steps();
            List<Batch> all = new ArrayList<>();
            for (int i = 0; i < s.batches(); i++) {
                all.add(batches.batch((long) taken * s.batches() + i, s.sequencesAfter(taken), s.lengthAfter(taken)));
            }
            return all;
        }

        private Curves.Row row(Trainer.Report r, long tokens, double seconds) {
            boolean looks = valid != null && isDue(r.step(), recipe.watch().validEvery());
            Validation v = looks ? Validation.of(model, valid, tokenizer, recipe) : Validation.NONE;
            look(v.loss());
            return new Curves.Row(r.step(), r.loss(), r.norm(), r.rate(), tokens, seconds, v.loss(), v.bitsPerByte());
        }

        private void look(double loss) {
            if (Double.isNaN(loss)) return;
            since = loss < best ? 0 : since + 1;
            best = Math.min(best, loss);
            int patience = recipe.watch().patience();
            stoppedEarly = patience > 0 && since >= patience;
        }

        private void take() throws IOException {
            checkpoints.take();
            taken = trainer.steps();
            takenAt = nanos.getAsLong();
        }

        private void after(int step, Curves curves) throws IOException {
            Recipe.Watch w = recipe.watch();
            if (isDue(step, w.checkpointEvery()) || isLate(w.checkpointMinutes())) take();
            if (isDue(step, w.validEvery())) draw(curves);
            if (isDue(step, w.sampleEvery())) sample(step);
        }

        private boolean isLate(int minutes) {
            return minutes > 0 && nanos.getAsLong() - takenAt >= TimeUnit.MINUTES.toNanos(minutes);
        }

        private boolean isDue(int step, int every) {
            return every > 0 && (step % every == 0 || step == recipe.count());
        }

        private void draw(Curves curves) throws IOException {
            CurvePlot.write(curves.rows(), recipe.name(), folder.resolve("curves.png"));
        }

        private void sample(int step) throws IOException {
            for (String prompt : recipe.watch().prompts()) {
                String text = Samples.continuation(
                        model, tokenizer, prompt, recipe.watch().sampleTokens(), recipe.seed() + step);
                watcher.note(String.format(Locale.ROOT, "step %d: %s[%s]", step, prompt, text.replace('\n', ' ')));
                Files.writeString(
                        folder.resolve("samples.txt"),
                        "--- step " + step + "\n" + prompt + text + "\n",
                        StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            }
        }
    }
}
