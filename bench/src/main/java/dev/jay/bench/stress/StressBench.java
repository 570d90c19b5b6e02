// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import dev.jay.tensor.Threads;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Machine code under everything a JVM does to it. */
@Command(
        name = "stress",
        mixinStandardHelpOptions = true,
        description = {
            "Calls every kernel in machine code, of every provider this CPU can run, from lasting, brief and virtual"
                    + " threads and from compute threads, while the JVM collects, records, dumps threads and unmakes"
                    + " compiled code.",
            "",
            "Every result is compared with the first one, bit for bit. Exit status 1 if one differs."
        },
        footer = {"", "Examples:", "  jay bench stress --minutes 10", "  jay bench stress --providers amx --minutes 1"})
public final class StressBench implements Callable<Integer> {
    private static final Set<String> IN_JAVA = Set.of("vector", "scalar");
    private static final long INPUT_BYTES = 32 << 20; // of one provider
    private static final long BUDGET = 1L << 30;
    private static final int PLACES = 64;
    private static final double REPORT_SECONDS = 30;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--minutes",
            paramLabel = "N",
            description = "How long; a part of a minute too (default: ${DEFAULT-VALUE}).",
            defaultValue = "10")
    private double minutes;

    @Option(
            names = "--providers",
            split = ",",
            paramLabel = "NAME",
            description = "Kernel providers (default: those in machine code that this CPU can run).")
    private List<String> providers = List.of();

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @Override
    public Integer call() {
        Cpu cpu = Cpu.detect();
        List<KernelChoice> choices = new ArrayList<>();
        List<Region> regions = new ArrayList<>();
        try (Memory memory = Memory.withBudget(BUDGET)) {
            try {
                List<StressCase> cases = new ArrayList<>();
                for (String name : providers.isEmpty() ? inMachineCode(cpu) : providers) {
                    choices.add(KernelProviders.choose(cpu, name, memory));
                    regions.add(memory.reserve("stress-inputs", INPUT_BYTES));
                    Scratch inputs = new Scratch(regions.getLast().bytes());
                    List<StressCase> some = new StressCases(name, choices.getLast(), inputs).all();
                    say(name + ": " + some.size() + " kernels and shapes");
                    cases.addAll(some);
                }
                if (cases.isEmpty()) {
                    say("no provider in machine code can run on this CPU: nothing to do");
                    return 0;
                }
                try (StressCalls calls = new StressCalls(cases, PLACES, memory)) {
                    return run(calls);
                }
            } finally {
                choices.forEach(KernelChoice::close);
                regions.forEach(Region::close);
            }
        }
    }

    private static List<String> inMachineCode(Cpu cpu) {
        return KernelProviders.ALL.names().stream()
                .filter(name -> !IN_JAVA.contains(name))
                .filter(name -> KernelProviders.ALL.make(name).unavailable(cpu).isEmpty())
                .toList();
    }

    private int run(StressCalls calls) {
        AtomicBoolean stopped = new AtomicBoolean();
        BooleanSupplier goOn = () -> !stopped.get();
        Callers callers = new Callers(calls, goOn);
        Disturbers disturbers = new Disturbers(calls::once, goOn);
        List<Runnable> all = new ArrayList<>(callers.all());
        all.addAll(disturbers.all());
        List<Thread> threads = new ArrayList<>();
        for (Runnable each : all) {
            threads.add(Thread.ofPlatform().name("jay-stress-" + threads.size()).start(() -> guarded(each)));
        }
        long begin = System.nanoTime();
        double told = 0;
        while (seconds(begin) < minutes * 60 && calls.wrong() == 0 && failures.isEmpty()) {
            LockSupport.parkNanos(20_000_000);
            if (seconds(begin) - told < REPORT_SECONDS) continue;
            told = seconds(begin);
            say((int) told + " s: " + callers.report());
        }
        stopped.set(true);
        for (Thread t : threads) Threads.awaitEnd(t);
        say((int) seconds(begin) + " s: " + callers.report() + "; " + disturbers.report());
        calls.faults().forEach(fault -> say("wrong: " + fault));
        failures.forEach(failure -> say("failed: " + failure));
        return calls.wrong() == 0 && failures.isEmpty() ? 0 : 1;
    }

    private void guarded(Runnable each) {
        try {
            each.run();
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
    }

    private static double seconds(long begin) {
        return (System.nanoTime() - begin) / 1e9;
    }

    private void say(String line) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(line);
        out.flush();
    }
}
