// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a server that runs in a process of its own takes the signals that end it. */
@Timeout(120)
class ServeStopTest {
    private static final Pattern URL = Pattern.compile("http://[0-9.]+:\\d+");

    @TempDir
    private Path folder;

    private static String lineWith(BufferedReader said, String text) throws IOException {
        for (String line; (line = said.readLine()) != null; ) if (line.contains(text)) return line;
        throw new IOException("the server ended without saying '" + text + "'");
    }

    private static HttpRequest ask(String url, int answers) {
        return HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"a\",\"max_tokens\":400,\"ignore_eos\":true,"
                        + "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":" + answers + "}"))
                .build();
    }

    private Process serve() throws IOException {
        return Child.jay(null, "serve", Child.model(folder).toString(), "--port", "0", "--queue", "64");
    }

    @Test
    void shouldFinishWhatIsInsideWhenAskedToEnd() throws Exception {
        Process server = serve();
        try (BufferedReader said = server.inputReader(StandardCharsets.UTF_8);
                HttpClient client = HttpClient.newHttpClient()) {
            Matcher url = URL.matcher(lineWith(said, "answers for"));
            assertThat(url.find()).isTrue();
            InputStream body = client.send(ask(url.group(), 2), HttpResponse.BodyHandlers.ofInputStream())
                    .body();
            assertThat(body.read()).isEqualTo(':'); // it is inside
            server.toHandle().destroy(); // SIGTERM, and its streams stay open
            String rest = new String(body.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(rest).contains("\"completion_tokens\":800").endsWith("data: [DONE]\n\n");
            assertThat(lineWith(said, "stopping")).contains("a second signal ends them");
            assertThat(server.waitFor()).isZero();
        } finally {
            server.destroyForcibly();
        }
    }

    @Test
    void shouldEndAtOnceAtTheSecondSignal() throws Exception {
        Process server = serve();
        try (BufferedReader said = server.inputReader(StandardCharsets.UTF_8);
                HttpClient client = HttpClient.newHttpClient()) {
            Matcher url = URL.matcher(lineWith(said, "answers for"));
            assertThat(url.find()).isTrue();
            InputStream body = client.send(ask(url.group(), 60), HttpResponse.BodyHandlers.ofInputStream())
                    .body();
            assertThat(body.read()).isEqualTo(':');
            server.toHandle().destroy();
            lineWith(said, "stopping");
            assertThat(server.waitFor(200, TimeUnit.MILLISECONDS)).isFalse();
            server.toHandle().destroy();
            assertThat(server.waitFor()).isEqualTo(128 + 15);
            client.shutdownNow();
        } finally {
            server.destroyForcibly();
        }
    }
}
