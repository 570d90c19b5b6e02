// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.load.Quantizer;
import dev.jay.tensor.format.WeightFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "quantize",
        description = "Write a model again in another weight format, tensor by tensor, whatever its architecture.",
        footer = {"", "Examples:", "  jay quantize model-f16.gguf model-q4_k.gguf --format q4_k"})
final class QuantizeCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(index = "0", paramLabel = "IN", description = "The model to read.")
    private String in;

    @Parameters(index = "1", paramLabel = "OUT", description = "The GGUF file to write.")
    private Path out;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "F",
            required = true,
            completionCandidates = FileWork.Formats.class,
            description = "One of ${COMPLETION-CANDIDATES}; f32 decodes.")
    private String format;

    @Mixin
    private FileWork work;

    QuantizeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path source = ModelArguments.existing(in);
        WeightFormat target = FileWork.format(format);
        work.run(shell, (memory, workers, progress) -> {
            Quantizer.Report report = Quantizer.run(memory, workers, source, out, target, progress::at);
            shell.say(out + ": " + report.bytesAfter() + " bytes of tensors (before: " + report.bytesBefore()
                    + "), types=" + report.tensors()
                    + (report.fallbacks().isEmpty() ? "" : ", kept apart=" + report.fallbacks()));
        });
        return ExitCode.OK.code();
    }
}
