// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.load.Synth;
import dev.jay.model.load.SynthShape;
import dev.jay.model.load.SynthShapes;
import dev.jay.tensor.format.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "synth",
        description =
                "Write a model of random weights: as large and as fast as a real one, for tests and measurements.",
        footer = {
            "",
            "Examples:",
            "  jay synth llama-150m random.gguf --format q8_0",
            "  jay synth 'llama-1b(layers=2)' small.gguf"
        })
final class SynthCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(
            index = "0",
            paramLabel = "SHAPE",
            description = "Such as llama-150m, llama-1b, qwen3-0.6b; an unknown one lists all.")
    private String shape;

    @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
    private Path out;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "F",
            completionCandidates = FileWork.Formats.class,
            description = "The weight format, one of ${COMPLETION-CANDIDATES} (q8_0).")
    private String format;

    @Option(names = "--seed", paramLabel = "S", description = "The same shape, format and seed give the same file (1).")
    private Long seed;

    @Mixin
    private FileWork work;

    SynthCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        SynthShape chosen = SynthShapes.ALL.make(shape);
        WeightFormat target = FileWork.format(format == null ? "q8_0" : format);
        work.run(
                shell,
                (memory, workers, progress) ->
                        Synth.write(memory, workers, chosen, target, seed == null ? 1 : seed, out, progress::at));
        shell.say(out + ": " + Files.size(out) + " bytes");
        return ExitCode.OK.code();
    }
}
