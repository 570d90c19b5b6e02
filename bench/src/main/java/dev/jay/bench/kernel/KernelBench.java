// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.bench.limit.LimitCode;
import dev.jay.bench.limit.Limits;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Every kernel through {@code Ops}, as a model calls it, beside what bounds it: achieved / possible. */
@Command(
        name = "kernels",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Every kernel beside what bounds it on this machine, in one run.",
            "",
            "The ratio is achieved / bound. What moves bytes is held against a plain read, from memory (dram) or from"
                + " the second-level cache (l2), by as many threads; products against the peak of their instruction;"
                + " prefill's attention against a product of Q8_0 weights. Bound and kernel are timed in turn; samples"
                + " during which others took the CPUs are thrown away and counted; figures are medians."
        },
        footer = {
            "",
            "Examples:",
            "  jay bench kernels --plot roofline.png",
            "  jay bench kernels --kernels gemv,gemm --formats q8_0 --threads 2",
            "  jay bench kernels --kernels attention-decode,attention-prefill --kv-formats f16 --json"
        })
public final class KernelBench implements Callable<Integer> {
    private static final long ROOM_BYTES = 192 << 20;
    private static final int SMOKE_MEGABYTES = 20;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--kernels",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Only these kinds: bounds, gemv, gemm, attention-decode, attention-prefill, norm, rope, swiglu,"
                            + " softmax, add, argmax, quantise.")
    private List<String> kinds = List.of();

    @Option(
            names = "--formats",
            split = ",",
            paramLabel = "FORMAT",
            description = "Of weights (default: ${DEFAULT-VALUE}).",
            defaultValue = "q8_0,q4_0,q4_k,q5_k,q6_k,f16,bf16,f32")
    private List<String> formats = List.of();

    @Option(
            names = "--kv-formats",
            split = ",",
            paramLabel = "FORMAT",
            description = "Of keys and values (default: ${DEFAULT-VALUE}).",
            defaultValue = "f16,bf16,q8_0,q4_0,iq4_nl,f32")
    private List<String> kvFormats = List.of();

    @Option(
            names = "--threads",
            split = ",",
            paramLabel = "N",
            description = "Thread counts (default: 1, and every core).")
    private List<Integer> threads = List.of();

    @Option(
            names = "--tokens",
            split = ",",
            paramLabel = "N",
            description = "Rows of activations of gemm (default: ${DEFAULT-VALUE}).",
            defaultValue = "512")
    private List<Integer> tokens = List.of();

    @Option(
            names = "--contexts",
            split = ",",
            paramLabel = "N",
            description = "Tokens that attention sees (default: ${DEFAULT-VALUE}).",
            defaultValue = "4096,16384")
    private List<Integer> contexts = List.of();

    @Option(
            names = "--widths",
            split = ",",
            paramLabel = "N",
            description = "Of a head (default: ${DEFAULT-VALUE}).",
            defaultValue = "64,128")
    private List<Integer> widths = List.of();

    @Option(
            names = "--provider",
            paramLabel = "NAME",
            completionCandidates = Providers.class,
            description = "Begin with this kernel provider: ${COMPLETION-CANDIDATES}.")
    private String provider;

    @Option(
            names = "--megabytes",
            paramLabel = "N",
            description = "Weights to cycle through; more than any cache holds (default: ${DEFAULT-VALUE}).",
            defaultValue = "640")
    private int megabytes;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Of clean samples, for each row (default: ${DEFAULT-VALUE}).",
            defaultValue = "0.5")
    private double seconds;

    @Option(names = "--smoke", description = "Tiny sizes, in a few seconds: that it runs, not how fast.")
    private boolean smoke;

    @Option(names = "--json", description = "Rows as JSON lines, and nothing else on standard output.")
    private boolean json;

    @Option(names = "--plot", paramLabel = "FILE.png", description = "Draws the ratios.")
    private Path plot;

    private final List<KernelRow> rows = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        List<Measurement> measurements = new ArrayList<>();
        for (String name : kinds.isEmpty() ? Measurements.ALL.names() : kinds) {
            measurements.add(Measurements.ALL.make(name));
        }
        Cpu cpu = Cpu.detect();
        long bytes = (long) (smoke ? SMOKE_MEGABYTES : megabytes) << 20;
        try (Memory memory = Memory.withBudget(bytes + 2 * ROOM_BYTES);
                KernelChoice kernels = KernelProviders.choose(cpu, provider, memory);
                Region weights = memory.reserve("weights", bytes);
                Region room = memory.reserve("activations", ROOM_BYTES);
                LimitCode code = new LimitCode(cpu, memory)) {
            weights.inHugePages(); // as a mapped model's
            say(cpu.model() + "; " + kernels.describe());
            if (!json) out().println(KernelRow.heading());
            Sampler sampler =
                    new Sampler(smoke ? new Sampler.Effort(0, 0, 1) : new Sampler.Effort(0.15, seconds / 3, 3));
            List<Team> teams = new ArrayList<>();
            try {
                for (int count : counts(cpu)) teams.add(team(count, memory, kernels, code));
                room.inHugePages(); // as a model's working space is: rows are written with strides of many pages
                Bed bed = new Bed(sizes(), kernels, teams, weights, memory.hugePages(), room, sampler, this::show);
                for (Measurement m : measurements) m.run(bed);
                say(bed.report());
            } finally {
                teams.forEach(Team::close);
            }
        }
        if (plot != null) RatioPlot.write(rows, cpu.model(), plot);
        return 0;
    }

    private List<Integer> counts(Cpu cpu) {
        if (!threads.isEmpty()) return threads;
        return smoke || cpu.cores() == 1 ? List.of(1) : List.of(1, cpu.cores());
    }

    private Team team(int count, Memory memory, KernelChoice kernels, LimitCode code) {
        Workers workers = Workers.of(count);
        int most = sizes().tokens().stream().mapToInt(n -> n).max().orElse(1);
        return new Team(workers, new CpuOps(memory, workers, kernels, most), new Limits(code, workers));
    }

    private KernelSizes sizes() {
        return smoke
                ? new KernelSizes(formats, kvFormats, List.of(16), List.of(256), 16, List.of(64))
                : new KernelSizes(formats, kvFormats, tokens, contexts, 512, widths);
    }

    private void show(KernelRow row) {
        rows.add(row);
        out().println(json ? row.json() : row.toString());
        out().flush();
    }

    /** To people: beside the rows, not among them. */
    private void say(String line) {
        PrintWriter to = json ? spec.commandLine().getErr() : out();
        to.println(line);
        to.flush();
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** The kernel providers, for help: those of the catalog. */
    static final class Providers implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return KernelProviders.ALL.names().iterator();
        }
    }
}
