// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.model.ModelSpec;
import dev.jay.model.load.AdapterSet;
import dev.jay.model.load.AdapterWriter;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Adapters;
import dev.jay.train.block.FrozenWeights;
import dev.jay.train.data.ExampleData;
import dev.jay.train.data.Examples;
import dev.jay.train.optimize.Optimizers;
import dev.jay.train.optimize.Schedules;
import dev.jay.train.report.Curves;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Tunes adapters beside a frozen model, in a folder: {@code train.examples}, {@code valid.examples}, checkpoints,
 * {@code curves.csv} and {@code curves.png}, and NAME-lora.gguf and the folder NAME-lora, which PEFT reads: those of the
 * best look at the held-out examples, or of the end where there are none. Begun again in the same folder it goes on from
 * the last checkpoint, bit for bit. The model's file is only read.
 */
public final class TuneRun {
    private final Path file;
    private final TuneRecipe recipe;
    private final Path folder;
    private final Memory memory;
    private final Workers workers;
    private final LongSupplier nanos;
    private final TrainRun.Watcher watcher;

    /**
     * @param file  of the model
     * @param nanos a clock for tokens per second; nothing that is learnt depends on it
     */
    public TuneRun(
            Path file,
            TuneRecipe recipe,
            Path folder,
            Memory memory,
            Workers workers,
            LongSupplier nanos,
            TrainRun.Watcher watcher) {
        this.file = file;
        this.recipe = recipe;
        this.folder = folder;
        this.memory = memory;
        this.workers = workers;
        this.nanos = nanos;
        this.watcher = watcher;
    }

    /** @throws IOException if a file cannot be read or written, or the folder holds another run */
    public TrainRun.Outcome run(KernelChoice kernels) throws IOException {
        Files.createDirectories(folder);
        try (WeightSource source = ModelFiles.open(memory, file);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1)) {
            ModelSpec spec = FrozenWeights.specOf(source);
            PassChoice.Rates rates =
                    new MeasuredRates(folder, ops, recipe.steps().precision(), memory, nanos, watcher);
            long free = memory.budget() - memory.promised();
            TrainRoom room = TuneRoom.fitting(recipe, source, spec, ops, free, rates);
            watcher.planned(room);
            source.files().forEach(MappedFile::claim);
            Tokenizer tokenizer = Tokenizers.from(source.metadata());
            Examples examples = new Examples(tokenizer, source.metadata());
            try (ExampleData data = data(examples, recipe.texts().data(), "train.examples");
                    ExampleData other = recipe.texts().valid().isEmpty()
                            ? null
                            : data(examples, recipe.texts().valid(), "valid.examples")) {
                boolean held = other == null && recipe.texts().held() > 0 && data.count() > 1;
                Data both = held ? Data.of(data.split(recipe.texts().held(), recipe.seed())) : new Data(data, other);
                return run(source, spec, ops, room, both, tokenizer);
            }
        }
    }

    /** @param valid null for none */
    private record Data(ExampleData learnt, ExampleData valid) {
        static Data of(ExampleData.Split split) {
            return new Data(split.learnt(), split.held());
        }
    }

    private ExampleData data(Examples examples, List<Path> files, String name) throws IOException {
        ExampleData.Source source =
                sink -> examples.read(files, sink, (read, total) -> watcher.reading(name, read, total));
        return ExampleData.of(source, recipe.steps().length(), folder.resolve(name), memory);
    }

    private TrainRun.Outcome run(
            WeightSource source, ModelSpec spec, CpuOps ops, TrainRoom room, Data data, Tokenizer tokenizer)
            throws IOException {
        TuneRecipe.Steps s = recipe.steps();
        int steps = s.of(data.learnt.count());
        Trainer.Plan plan = new Trainer.Plan(
                Optimizers.ALL.make(s.optimizer()), s.rate(), Schedules.ALL.make(s.schedule()), steps, s.clip());
        String identity = recipe.identity() + " model=" + file.getFileName() + " examples=" + data.learnt.digest();
        try (Adapters adapters = Adapters.of(spec, recipe.lora(), recipe.seed(), memory);
                TrainModel model = new TrainModel(
                        new FrozenWeights(source, spec, adapters, ops, ops.gemm(s.precision())),
                        adapters.parameters(),
                        ops,
                        s.precision(),
                        room.size(),
                        memory,
                        folder);
                Trainer trainer = new Trainer(model, ops, plan, memory);
                Checkpoints checkpoints = new Checkpoints(folder, identity, trainer, memory)) {
            int from = checkpoints.resume(watcher::note, false);
            if (from == 0) {
                trainer.parts().forEach(part -> part.fill((byte) 0)); // what broke off may have left anything
                adapters.randomise(recipe.seed());
            }
            trainer.resume(from);
            TuneLoop loop = new TuneLoop(
                    recipe,
                    folder,
                    model,
                    trainer,
                    data.learnt,
                    data.valid,
                    tokenizer,
                    checkpoints,
                    steps,
                    nanos,
                    watcher,
                    () -> write(adapters, spec, source));
            Optional<Curves.Row> last = loop.run();
            Optional<Path> done = loop.isDone() ? Optional.of(adapterFile()) : Optional.empty();
            return new TrainRun.Outcome(done, last);
        }
    }

    private Path adapterFile() {
        return folder.resolve(recipe.name() + "-lora.gguf");
    }

    private void write(Adapters adapters, ModelSpec spec, WeightSource source) throws IOException {
        List<AdapterSet.Pair> pairs = adapters.sites().stream()
                .map(site -> new AdapterSet.Pair(
                        site,
                        adapters.lora().rank(),
                        adapters.b(site).rows(),
                        adapters.a(site).cols(),
                        adapters.a(site).value(),
                        adapters.b(site).value()))
                .toList();
        AdapterWriter writer = AdapterWriter.of(spec, source, adapters.lora().alpha(), pairs);
        writer.gguf(adapterFile(), recipe.name());
        writer.peft(folder.resolve(recipe.name() + "-lora"), String.valueOf(file.getFileName()));
    }
}
