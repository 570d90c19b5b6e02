// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.load.Imatrix;
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
        name = "quantize",
        description = "Write a model again in another weight format, tensor by tensor, whatever its architecture.",
        footer = {
            "",
            "Examples:",
            "  jay quantize model-f16.gguf model-q4_k.gguf --format q4_k",
            "  jay quantize model-folder model-q3_k.gguf --format q3_k --imatrix imatrix.gguf"
        })
final class QuantizeCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(
            index = "0",
            paramLabel = "IN",
            description = "The model to read: a GGUF file, safetensors with their config.json, or hf:OWNER/REPO.")
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

    @Option(
            names = "--imatrix",
            paramLabel = "FILE",
            description =
                    "How much each column matters, from llama-imatrix (GGUF or the older .dat); the formats below q8_0"
                            + " are coded by it, but for mxfp4.")
    private String imatrix;

    @Mixin
    private FileWork work;

    QuantizeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path source = ModelArguments.named(shell, in, false);
        WeightFormat target = FileWork.format(format);
        Path columns = imatrix == null ? null : ModelArguments.existing(imatrix);
        work.run(shell, (memory, workers, progress) -> {
            try (Imatrix importance = columns == null ? null : Imatrix.open(memory, columns)) {
                Quantizer.Report report = Quantizer.run(
                        memory, workers, source, out, target, importance, _ -> null, PeerTokenizer::told, progress::at);
                shell.say(out + ": " + report.bytesAfter() + " bytes of tensors (before: " + report.bytesBefore()
                        + "), types=" + report.tensors()
                        + (columns == null ? "" : ", by importance=" + report.weighed())
                        + (report.fallbacks().isEmpty() ? "" : ", kept apart=" + report.fallbacks()));
            }
        });
        return ExitCode.OK.code();
    }
}
