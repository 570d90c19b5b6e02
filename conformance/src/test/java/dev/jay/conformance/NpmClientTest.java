// SPDX-License-Identifier: Apache-2.0
package dev.jay.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients from npm: OpenAI's, Anthropic's, Ollama's. Needs node and npm, and the registry once; skipped where they are absent. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NpmClientTest {
    private Node node;
    private Served served;

    @BeforeAll
    void serve(@TempDir Path folder) throws IOException, InterruptedException {
        node = new Node(folder, "npm");
        served = new Served();
    }

    @AfterAll
    void stop() throws IOException {
        if (served != null) served.close();
    }

    @ParameterizedTest
    @CsvSource({"check.mjs, 16", "anthropic.mjs, 8", "ollama.mjs, 9"})
    void shouldServeClientsFromNpm(String script, int checks) throws InterruptedException {
        Node.Said said = node.script(script, served.root(), Served.KEY);
        assertThat(said.status()).as(said.text()).isZero();
        assertThat(said.text().lines().filter(l -> l.startsWith("ok "))).hasSize(checks);
        served.awaitIdle();
    }
}
