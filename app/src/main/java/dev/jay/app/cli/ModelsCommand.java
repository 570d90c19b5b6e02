// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.hub.HubKept;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
        name = "models",
        description = "List the models that were fetched: name, size, where they lie.",
        footer = {"", "To be rid of one, delete its folder.", "", "Examples:", "  jay models"})
final class ModelsCommand implements Callable<Integer> {
    private final Shell shell;

    ModelsCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        try (HubModels models = new HubModels(shell, true)) {
            for (HubKept kept : models.hub().kept()) {
                shell.out()
                        .print(String.format(
                                Locale.ROOT, "%-48s %8.2f GB  %s%n", kept.name(), kept.bytes() / 1e9, kept.folder()));
            }
        }
        return ExitCode.OK.code();
    }
}
