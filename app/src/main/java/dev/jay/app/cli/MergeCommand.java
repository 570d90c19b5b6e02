// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.ModelSpec;
import dev.jay.model.arch.Architectures;
import dev.jay.model.load.AdapterSet;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.Quantizer;
import dev.jay.model.text.PeerTokenizer;
import dev.jay.tensor.format.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "merge",
        description = "Write a model with adapters added to its weights: one file that any runtime of GGUF reads.",
        footer = {
            "",
            "What is added is small beside the weights: a format of few bits may round it away.",
            "",
            "Examples:",
            "  jay merge model.gguf tuned/tuned-lora.gguf merged.gguf",
            "  jay merge model.gguf peft-folder merged.gguf --format q8_0"
        })
final class MergeCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The model that the adapters are for.")
    private String model;

    @Parameters(index = "1", paramLabel = "ADAPTER", description = "A GGUF adapter, or a folder of PEFT's.")
    private String adapter;

    @Parameters(index = "2", paramLabel = "OUT", description = "The GGUF file to write.")
    private Path out;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "F",
            defaultValue = "bf16",
            completionCandidates = FileWork.Formats.class,
            description = "Of the matrices, one of ${COMPLETION-CANDIDATES} (bf16).")
    private String format;

    @Mixin
    private FileWork work;

    MergeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path source = ModelArguments.existing(model);
        Path adapters = ModelArguments.existing(adapter);
        WeightFormat target = FileWork.format(format);
        work.run(shell, (memory, workers, progress) -> {
            Quantizer.Merging merging = opened -> {
                Metadata said = opened.metadata();
                ModelSpec spec = Architectures.of(said).spec(said);
                return AdapterSet.readForGguf(memory, adapters, spec, opened);
            };
            Quantizer.Report report = Quantizer.run(
                    memory, workers, source, out, target, null, merging, PeerTokenizer::told, progress::at);
            shell.say(out + ": " + report.bytesAfter() + " bytes of tensors, types=" + report.tensors()
                    + (report.fallbacks().isEmpty() ? "" : ", kept apart=" + report.fallbacks()));
        });
        return ExitCode.OK.code();
    }
}
