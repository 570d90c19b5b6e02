// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.ModelOptions;
import picocli.CommandLine.Option;

/** How many answers run side by side, for commands that run several. */
final class CompanyArguments {
    @Option(
            names = "--parallel",
            paramLabel = "N",
            converter = Values.Count.class,
            description = "How many answers of full length the memory for keys and values is made for (jay serve: 1;"
                    + " jay batch: 4).")
    private Integer parallel;

    @Option(
            names = "--admission",
            paramLabel = "POLICY",
            description = "Who is let in: 'promise' (room for all it can come to need; nobody gives way) or"
                    + " 'grow(ahead=64)' (more side by side; the youngest gives way when pages run out) (promise).")
    private String admission;

    /** What was said, in place of what the options say. */
    ModelOptions addTo(ModelOptions options) {
        ModelOptions o = parallel == null ? options : options.withParallel(parallel);
        return admission == null ? o : o.withAdmission(admission);
    }
}
