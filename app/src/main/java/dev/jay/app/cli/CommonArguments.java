// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import picocli.CommandLine.Option;

/** What every command knows. */
final class CommonArguments {
    @SuppressWarnings("UnusedVariable") // picocli reads it
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and end.")
    private boolean help;

    @Option(names = "--debug", description = "Print the stack trace of a failure.")
    private boolean debug;

    boolean isDebug() {
        return debug;
    }
}
