// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Machine;
import dev.jay.engine.ModelOptions;
import dev.jay.engine.Planning;
import dev.jay.engine.plan.Plan;
import dev.jay.engine.plan.Probe;
import dev.jay.engine.plan.Setup;
import dev.jay.engine.plan.Speed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "plan",
        description = "Tell what a model would take and how it would be run, before anything is loaded.",
        footer = {
            "",
            "Examples:",
            "  jay plan model.gguf --memory 2g",
            "  jay plan model.gguf --memory 512m --context 2048 --parallel 4 --json | jq .byPurpose",
            "  jay plan model.gguf --memory 2g --context 32768 --quality 0.98",
            "",
            "'set aside' may become memory and is never exceeded; 'expected' is what full contexts in fast mode come"
                    + " to.",
            "With --quality a table shows ways to keep keys and values in order of what they lose: each takes less"
                    + " than the one before it. 'fit' is how many sequences of the context do.",
            "Speeds are predicted from what 'jay probe' measures of this machine."
        })
final class PlanCommand implements Callable<Integer> {
    private static final long GIB = 1 << 30;

    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "Answers of full length side by side (1).")
    private Integer parallel;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    PlanCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path file = model.file(shell);
        ModelOptions options = model.options(shell);
        if (parallel != null) options = options.withParallel(parallel);
        try (Planning planning = Planning.open(file, options);
                Machine machine = new Machine(options)) {
            ProbeStore store = new ProbeStore(shell);
            Probe probe = store.of(machine);
            Plan plan = planning.plan();
            Plan more = planning.withMore(GIB);
            double disk = plan.setup().streamed() || more.setup().streamed() ? store.diskRate(machine, probe, file) : 0;
            PlanReport report = new PlanReport(
                    file.getFileName().toString(),
                    shell.jvm(),
                    planning.vocabulary(),
                    part(planning, plan, probe, disk),
                    part(planning, more, probe, disk),
                    planning.kvFloor().map(floor -> new CurveReport(floor, planning.kvCurve(plan))));
            shell.out().print(json ? report.json() + "\n" : report.text());
            if (!plan.fits()) throw planning.refusal(plan);
        }
        return ExitCode.OK.code();
    }

    private static PlanReport.Part part(Planning planning, Plan plan, Probe probe, double disk) {
        Setup setup = plan.setup();
        Speed speed = planning.speed(plan, probe, disk);
        return new PlanReport.Part(
                plan,
                speed,
                plan.fits() ? planning.mostContext(plan) : 0,
                plan.fits() ? Math.max(setup.parallel(), planning.mostParallel(plan)) : 0);
    }
}
