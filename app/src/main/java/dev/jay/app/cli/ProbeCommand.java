// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Machine;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.plan.Probe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "probe",
        description = "Measure what this machine can do; 'jay plan' predicts speeds from it. Kept in ~/.cache/jay.",
        footer = {"", "Examples:", "  jay probe", "  jay probe model.gguf   measures the disk that the file is on too"})
final class ProbeCommand implements Callable<Integer> {
    private final Shell shell;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "FILE",
            description = "A large file on the disk that is to be measured.")
    private String file;

    @Option(
            names = "--threads",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Compute threads (one a core).")
    private Integer threads;

    @Option(
            names = "--kernels",
            paramLabel = "NAME",
            description = "The kernels to measure (the best this machine can).")
    private String kernels;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    ProbeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path disk = file == null ? null : ModelArguments.existing(file);
        ModelOptions options = ModelOptions.defaults();
        if (threads != null) options = options.withThreads(threads);
        if (kernels != null) options = options.withKernels(kernels);
        try (Machine machine = new Machine(options)) {
            ProbeStore store = new ProbeStore(shell);
            Probe probe = machine.measure(Machine.BYTES);
            for (Map.Entry<String, Double> known : store.find(machine.name())
                    .map(Probe::diskRates)
                    .orElse(Map.of())
                    .entrySet()) {
                probe = probe.withDiskRate(known.getKey(), known.getValue());
            }
            if (disk != null) {
                double rate = machine.diskRate(disk);
                if (rate <= 0) throw new CommandException(ExitCode.USAGE, "too small to measure a disk by: " + disk);
                probe = probe.withDiskRate(ProbeStore.place(disk), rate);
            }
            store.keep(probe);
            shell.out().print(json ? object(probe) + "\n" : text(probe, store.file(machine.name())));
        }
        return ExitCode.OK.code();
    }

    private static String text(Probe probe, Path file) {
        StringBuilder text = new StringBuilder(probe.machine()).append('\n');
        String row = "%-8s %10.2f GB/s of a matrix times a row, %8.1f GFLOP/s times many beside %6.1f G weights/s%n";
        probe.vectorRates()
                .forEach((f, rate) -> text.append(String.format(
                        Locale.ROOT,
                        row,
                        f,
                        rate / 1e9,
                        probe.matrixRates().get(f) / 1e9,
                        Math.min(9999, probe.panelRates().get(f) / 1e9))));
        text.append(String.format(
                Locale.ROOT,
                "attention %9.2f GB/s of one token, %8.1f GFLOP/s of many beside %.0f keys each; a layer beside that:"
                        + " %.1f us of one token, %.2f G values/s of many%n",
                probe.attentionRate() / 1e9,
                probe.attentionFlops() / 1e9,
                probe.attentionKeys(),
                probe.layerSeconds() * 1e6,
                probe.rowRate() / 1e9));
        probe.diskRates()
                .forEach((place, rate) ->
                        text.append(String.format(Locale.ROOT, "disk %14.2f GB/s: %s%n", rate / 1e9, place)));
        return text.append("kept in ").append(file).append('\n').toString();
    }

    private static ObjectNode object(Probe probe) {
        ObjectNode root = JsonMapper.shared().createObjectNode().put("machine", probe.machine());
        root.put("memoryBytesPerSecond", probe.memoryRate());
        ObjectNode vectors = root.putObject("vectorBytesPerSecond");
        probe.vectorRates().forEach(vectors::put);
        ObjectNode matrices = root.putObject("matrixFlops");
        probe.matrixRates().forEach(matrices::put);
        ObjectNode panels = root.putObject("panelWeightsPerSecond");
        probe.panelRates().forEach(panels::put);
        ObjectNode inputs = root.putObject("inputValuesPerSecond");
        probe.inputRates().forEach(inputs::put);
        ObjectNode outputs = root.putObject("outputValuesPerSecond");
        probe.outputRates().forEach(outputs::put);
        root.put("attentionBytesPerSecond", probe.attentionRate());
        root.put("attentionFlops", probe.attentionFlops());
        root.put("attentionKeys", probe.attentionKeys());
        root.put("layerSeconds", probe.layerSeconds());
        root.put("rowValuesPerSecond", probe.rowRate());
        ObjectNode disks = root.putObject("diskBytesPerSecond");
        probe.diskRates().forEach(disks::put);
        return root;
    }
}
