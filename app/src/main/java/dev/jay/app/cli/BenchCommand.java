// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Holds {@code bench model}; the other measurements are a program of their own, which {@code ./jay} starts itself. */
@Command(name = "bench", description = "Measure: 'bench model MODEL'. Other measurements have a program of their own.")
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private BenchCommand() {}

    static CommandLine withParts(Shell shell) {
        return new CommandLine(new BenchCommand()).addSubcommand("model", new BenchModelCommand(shell));
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitCode.USAGE.code();
    }
}
