// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.train.TrainRun;
import dev.jay.train.TuneRecipe;
import dev.jay.train.TuneRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "tune",
        description =
                "Teach a model something: low-rank adapters (LoRA) beside its frozen weights, whatever their format.",
        footer = {
            "",
            "Examples are lines of a .jsonl file: {\"messages\": [...]}, {\"instruction\": ..., \"output\": ...},",
            "{\"prompt\": ..., \"completion\": ...} or {\"text\": ...}; or plain text. Answers alone are learnt.",
            "A recipe is a file of lines 'key = value'; --keys lists all keys, --set gives one.",
            "The folder gets checkpoints, curves.csv and curves.png, NAME-lora.gguf and NAME-lora for PEFT: the best"
                    + " of",
            "what was held out. Begun again in the same folder, a run that was stopped or killed goes on, bit for bit.",
            "Over weights in four bits it is QLoRA: 'jay quantize model.gguf model-nf4.gguf --format nf4' makes them.",
            "The model's own weights count in --memory.",
            "",
            "Examples:",
            "  jay tune model.gguf --data answers.jsonl --out tuned",
            "  jay tune model-nf4.gguf recipe.properties --set rank=8 --memory 2g",
            "  jay chat model.gguf --lora tuned/tuned-lora.gguf",
            "  jay merge model.gguf tuned/tuned-lora.gguf merged.gguf --format q8_0"
        })
final class TuneCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(index = "0", arity = "0..1", paramLabel = "MODEL", description = "The model to tune: of llama or qwen.")
    private Path model;

    @Parameters(index = "1", arity = "0..1", paramLabel = "RECIPE", description = "The recipe's file.")
    private Path recipe;

    @Option(names = "--data", paramLabel = "FILES", description = "The recipe's 'data': examples, with commas between.")
    private String data;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description = "The run's folder (the model's name without its ending and '-tuned', here).")
    private Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "A key of the recipe, over what it says.")
    private Map<String, String> set = new TreeMap<>();

    @Option(names = "--keys", description = "List the keys of a recipe with what holds if they are left out, and end.")
    private boolean keys;

    @Mixin
    private FileWork work;

    TuneCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (keys) {
            new TreeMap<>(TuneRecipe.KEYS).forEach((key, value) -> shell.out().line(key + " = " + value));
            return ExitCode.OK.code();
        }
        if (model == null) throw new CommandException(ExitCode.USAGE, "no model: jay tune MODEL --data FILE");
        Path file = ModelArguments.existing(model.toString());
        if (recipe != null) TrainTokenizerCommand.existing(List.of(recipe.toString()));
        if (data != null) set.put("data", absolute(data));
        TuneRecipe read = TuneRecipe.read(recipe, set);
        Path folder = out == null ? folder(file) : out;
        work.run(shell, (memory, workers, progress) -> {
            try (KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                    TrainProgress bar = new TrainProgress(shell)) {
                TuneRun run = new TuneRun(file, read, folder, memory, workers, System::nanoTime, bar);
                report(run.run(kernels), file, folder);
                shell.say("memory, at most: " + TrainCommand.mebibytes(memory.peakByPurpose()));
            }
        });
        return shell.interrupts().isInterrupted() ? ExitCode.INTERRUPTED.code() : ExitCode.OK.code();
    }

    /** A recipe's files lie beside it; those named here lie where the command runs. */
    private static String absolute(String files) {
        StringBuilder all = new StringBuilder();
        for (String name : files.split(",")) {
            all.append(all.isEmpty() ? "" : ",").append(Path.of(name.strip()).toAbsolutePath());
        }
        return all.toString();
    }

    private void report(TrainRun.Outcome outcome, Path file, Path folder) {
        outcome.model()
                .ifPresentOrElse(
                        lora -> shell.say(lora + ": tuned; 'jay chat " + file + " --lora " + lora + "' asks it"),
                        () -> shell.say(folder + ": stopped; the same command goes on from here"));
    }

    private static Path folder(Path model) {
        String name = String.valueOf(model.toAbsolutePath().normalize().getFileName());
        int dot = name.lastIndexOf('.');
        return Path.of((dot > 0 ? name.substring(0, dot) : name) + "-tuned");
    }
}
