// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.train.Recipe;
import dev.jay.train.TrainRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "train",
        description = "Train a model by a recipe: a small llama, from texts, inside the memory it is given.",
        footer = {
            "",
            "A recipe is a file of lines 'key = value'; 'tokenizer' (of train-tokenizer, or any model's GGUF) and"
                    + " 'data'",
            "(texts, with commas between) must be there. Texts are as for train-tokenizer. --keys lists all keys.",
            "The folder gets checkpoints, curves.csv and curves.png, samples.txt, and at the end NAME-q8_0.gguf.",
            "Begun again in the same folder, a run that was stopped or killed goes on, bit for bit.",
            "'length = 128,512@4000' trains on sequences of 128 tokens, and of 512 once 4000 steps were taken;",
            "'rate@4000 = 0.001' is another rate from then on; so of whatever a step alone follows from.",
            "",
            "Examples:",
            "  jay train tiny.properties",
            "  jay train tiny.properties --out runs/a --set steps=200 --set rate=0.001",
            "  jay run runs/a/jay-tiny-q8_0.gguf --prompt \"Once upon a time\""
        })
final class TrainCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(index = "0", arity = "0..1", paramLabel = "RECIPE", description = "The recipe's file.")
    private Path recipe;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            description = "The run's folder (the recipe's name without its ending, beside it).")
    private Path out;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "A key of the recipe, over what it says.")
    private Map<String, String> set = new TreeMap<>();

    @Option(
            names = "--changed",
            description = "Go on from the folder's checkpoint though the recipe has changed since, in all but the"
                    + " model's shape.")
    private boolean changed;

    @Option(names = "--keys", description = "List the keys of a recipe with what holds if they are left out, and end.")
    private boolean keys;

    @Mixin
    private FileWork work;

    TrainCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (keys) {
            new TreeMap<>(Recipe.KEYS).forEach((key, value) -> shell.out().line(key + " = " + value));
            return ExitCode.OK.code();
        }
        if (recipe == null) throw new CommandException(ExitCode.USAGE, "no recipe: jay train RECIPE");
        TrainTokenizerCommand.existing(List.of(recipe.toString()));
        Recipe read = Recipe.read(recipe, set);
        Path folder = out == null ? folder(recipe) : out;
        work.run(shell, (memory, workers, progress) -> {
            try (KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                    TrainProgress bar = new TrainProgress(shell)) {
                report(
                        new TrainRun(read, folder, memory, workers, System::nanoTime, bar).run(kernels, changed),
                        folder);
                shell.say("memory, at most: " + mebibytes(memory.peakByPurpose()));
            }
        });
        return shell.interrupts().isInterrupted() ? ExitCode.INTERRUPTED.code() : ExitCode.OK.code();
    }

    private void report(TrainRun.Outcome outcome, Path folder) {
        outcome.model()
                .ifPresentOrElse(
                        model -> shell.say(model + ": trained; 'jay run " + model + " --prompt ...' asks it"),
                        () -> shell.say(folder + ": stopped; the same command goes on from here"));
    }

    /** Bytes by what they are for, in whole MiB. */
    static String mebibytes(Map<String, Long> bytes) {
        return bytes.entrySet().stream()
                .map(e -> e.getKey() + "=" + (e.getValue() + (1 << 20) - 1 >> 20) + "m")
                .collect(Collectors.joining(", "));
    }

    private static Path folder(Path recipe) {
        String name = recipe.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return recipe.resolveSibling(dot > 0 ? name.substring(0, dot) : name + ".run");
    }
}
