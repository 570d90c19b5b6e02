// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ServerLoadTest {
    private static final long MILLI = 1_000_000;
    private Talk talk;

    @BeforeEach
    void start() throws Exception {
        talk = new Talk(o -> o.withPing(Duration.ofMillis(50)));
    }

    @AfterEach
    void stop() {
        talk.close();
    }

    @Test
    void shouldAnswerManyAtOnceWithoutMixingThem() throws Exception {
        talk.model.nanosPerToken = 3 * MILLI;
        List<Callable<String>> calls = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            String body = "{\"prompt\":\"number " + i + "\",\"stream\":" + (i % 2 == 0) + "}";
            calls.add(() -> talk.post("/v1/completions", body).body());
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> replies = threads.invokeAll(calls);
            for (int i = 0; i < replies.size(); i++) {
                String said = replies.get(i).get().replaceAll("(?s).*?\"text\":\"([^\"]*)\"|.*", "$1");
                assertThat(said).isEqualTo("number " + i);
            }
        }
        assertThat(talk.model.most.get()).isGreaterThan(1);
    }

    @Test
    void shouldEndTheStreamOfAClientThatLeaves() throws Exception {
        talk.model.nanosPerToken = 20 * MILLI;
        try (Socket socket = ask("{\"prompt\":\"" + "a".repeat(500) + "\",\"max_tokens\":500,\"stream\":true}")) {
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            while (!lines.readLine().startsWith("data: "))
                assertThat(talk.model.cancelled).hasValue(0);
        }
        shouldBecomeCancelled();
    }

    @Test
    void shouldEndTheStreamOfAClientThatLeavesBeforeTheFirstToken() throws Exception {
        talk.model.nanosPerToken = 400 * MILLI;
        try (Socket socket = ask("{\"prompt\":\"abc\",\"max_tokens\":500,\"stream\":true}")) {
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }
        shouldBecomeCancelled();
    }

    @Test
    void shouldEndTheAnswerOfAClientThatDoesNotWaitForTheWhole() throws Exception {
        talk.model.nanosPerToken = 20 * MILLI;
        try (Socket socket = ask("{\"prompt\":\"" + "a".repeat(500) + "\",\"max_tokens\":500}")) {
            while (talk.model.running.get() == 0) Thread.sleep(10);
            assertThat(socket.isConnected()).isTrue();
        }
        shouldBecomeCancelled();
    }

    @Test
    void shouldGoOnOverAConnectionThatWaited() throws Exception {
        talk.model.nanosPerToken = 250 * MILLI; // long enough for the server to look whether the client is there
        for (int i = 0; i < 3; i++) {
            HttpResponse<String> response = talk.post("/v1/completions", "{\"prompt\":\"abcd\"}");
            assertThat(Talk.tree(response).at("/choices/0/text").stringValue()).isEqualTo("abcd");
        }
    }

    @Test
    void shouldPingWhileAStreamWaits() throws Exception {
        talk.model.nanosPerToken = 200 * MILLI;
        HttpResponse<String> response = talk.post("/v1/completions", "{\"prompt\":\"a\",\"stream\":true}");
        assertThat(response.body().split(": ping\n\n", -1).length).isGreaterThan(3);
        assertThat(Talk.events(response).getFirst().at("/choices/0/text").stringValue())
                .isEqualTo("a");
    }

    @Test
    void shouldNotLogWhatPeopleSay() throws Exception {
        List<String> logged = new ArrayList<>();
        Logger root = Logger.getLogger("");
        Level before = root.getLevel();
        Handler listener = new Handler() {
            @Override
            public synchronized void publish(LogRecord record) {
                logged.add(record.getMessage() + " " + record.getThrown());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        root.addHandler(listener);
        try {
            root.setLevel(Level.INFO);
            talk.post("/v1/completions", "{\"prompt\":\"mumblecore\"}");
            talk.post("/v1/completions", "{\"prompt\":\"mumblecore");
            talk.post("/v1/completions", "{\"prompt\":\"mumblecore\",\"temperature\":\"mumblecore\"}");
            talk.model.failure = new IllegalStateException("engine");
            talk.post("/v1/completions", "{\"prompt\":\"mumblecore\"}");
        } finally {
            root.removeHandler(listener);
            root.setLevel(before);
        }
        assertThat(logged).anyMatch(l -> l.contains("internal error")).noneMatch(l -> l.contains("mumblecore"));
    }

    private void shouldBecomeCancelled() throws Exception {
        for (int i = 0; i < 300 && talk.model.running.get() > 0; i++) Thread.sleep(10);
        assertThat(talk.model.cancelled).hasValue(1);
        for (int i = 0; i < 100 && talk.metric("jay_http_clients_left_total") == 0; i++) Thread.sleep(10);
        assertThat(talk.metric("jay_http_clients_left_total")).isEqualTo(1);
        assertThat(talk.metric("jay_sequences_running")).isZero();
    }

    private Socket ask(String body) throws Exception {
        Socket socket = new Socket("127.0.0.1", talk.server.port());
        String head = "POST /v1/completions HTTP/1.1\r\n"
                + "Host: localhost\r\n"
                + "Content-Type: application/json\r\n"
                + "Content-Length: ";
        socket.getOutputStream().write((head + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return socket;
    }
}
