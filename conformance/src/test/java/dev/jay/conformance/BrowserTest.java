// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The web page in a real browser. Needs Chromium (or Chrome), node and npm, and the registry once; else skipped. */
class BrowserTest {
    private static final List<String> BROWSERS =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    @TempDir
    private Path folder;

    @Test
    void shouldChatAndShowTheBooksLive() throws Exception {
        Optional<Path> browser = onPath();
        if (browser.isEmpty()) Node.skip("no browser on the PATH: looked for " + BROWSERS);
        Node node = new Node(folder, "browser");
        try (Served served = new Served()) {
            String picture = System.getProperty("jay.picture", ""); // a file to look at
            Node.Said said =
                    node.script("page.mjs", browser.orElseThrow().toString(), served.root(), Served.KEY, picture);
            assertThat(said.status()).as(said.text()).isZero();
            assertThat(said.text().lines().filter(l -> l.startsWith("ok "))).hasSize(8);
        }
    }

    private static Optional<Path> onPath() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> BROWSERS.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
