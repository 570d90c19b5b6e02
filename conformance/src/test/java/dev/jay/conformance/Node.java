// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static dev.jay.tensor.SystemRefusals.What.EXECUTABLE_PAGES;

import dev.jay.tensor.Shared;
import dev.jay.tensor.SystemRefusals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A script for node and the npm packages it needs, in a folder of its own; what cannot be installed is told and skipped. */
final class Node {
    private final Path folder;

    /** What a process said, and its exit status; 127 where it could not be started. */
    record Said(int status, String text) {}

    /** Takes the scripts of a folder over and installs the packages that its {@code package.json} names. */
    Node(Path folder, String scripts) throws IOException, InterruptedException {
        Assumptions.assumeFalse(SystemRefusals.has(EXECUTABLE_PAGES), "node needs executable pages itself");
        this.folder = folder;
        Path from = Shared.root().resolve("conformance/src/test").resolve(scripts);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) Files.copy(file, folder.resolve(file.getFileName()));
        }
        Said install =
                run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline", "--silent");
        if (install.status() != 0) skip("npm packages cannot be installed here: " + install.text());
    }

    static void skip(String absent) {
        if (System.getenv("JAY_REQUIRE_SHARED") != null) throw new AssertionError(absent);
        Assumptions.abort(absent);
    }

    Said script(String script, String... arguments) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of("node", script));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private Said run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(3, TimeUnit.MINUTES)) process.destroyForcibly();
            return new Said(process.waitFor(), text);
        } catch (IOException e) {
            return new Said(127, e.toString());
        }
    }
}
