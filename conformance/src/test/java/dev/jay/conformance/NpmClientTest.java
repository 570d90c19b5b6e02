// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official npm client chats and streams. Needs node and npm, and the registry once; skipped where they are absent. */
class NpmClientTest {
    private static final Path SCRIPTS = Shared.root().resolve("conformance/src/test/npm");

    @TempDir
    private Path folder;

    @Test
    void shouldServeTheOfficialNpmClient() throws Exception {
        for (String file : List.of("package.json", "check.mjs"))
            Files.copy(SCRIPTS.resolve(file), folder.resolve(file));
        Said install =
                run("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline", "--silent");
        if (install.status() != 0) {
            String absent = "the npm client cannot be installed here: " + install.text();
            if (System.getenv("JAY_REQUIRE_SHARED") != null) throw new AssertionError(absent);
            Assumptions.abort(absent);
        }
        try (Served served = new Served()) {
            Said said = run("node", "check.mjs", served.url(), Served.KEY);
            assertThat(said.status()).as(said.text()).isZero();
            assertThat(said.text().lines().filter(l -> l.startsWith("ok "))).hasSize(10);
        }
    }

    private record Said(int status, String text) {}

    private Said run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            String text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(3, TimeUnit.MINUTES)) process.destroyForcibly();
            return new Said(process.waitFor(), text);
        } catch (IOException e) {
            return new Said(127, e.toString());
        }
    }
}
