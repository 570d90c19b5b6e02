// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official npm client chats and streams. Needs node and npm, and the registry once; skipped where they are absent. */
class NpmClientTest {
    @TempDir
    private Path folder;

    @Test
    void shouldServeTheOfficialNpmClient() throws Exception {
        Node node = new Node(folder, "npm", "check.mjs");
        try (Served served = new Served()) {
            Node.Said said = node.script(served.url(), Served.KEY);
            assertThat(said.status()).as(said.text()).isZero();
            assertThat(said.text().lines().filter(l -> l.startsWith("ok "))).hasSize(10);
        }
    }
}
