// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What was under way when a process was told to end, or was killed, is not lost, not doubled and not changed. */
@DisabledOnOs(OS.WINDOWS)
class KilledTest {
    private static final Pattern BEGUN = Pattern.compile("(\\d+) of them begun before");

    @TempDir
    private Path folder;

    private Path model;
    private Path in;
    private Path out;

    @BeforeEach
    void files() throws IOException {
        model = Child.model(folder);
        in = folder.resolve("in.jsonl");
        out = folder.resolve("out.jsonl");
    }

    /** With room for one answer: every prefix gives way to the next, to the file. */
    private Process batch(boolean toFile) throws IOException {
        File said = folder.resolve("said").toFile();
        String[] all = {
            "batch", "" + model, "" + in, "" + out, "--threads", "1", "--parallel", "2", "--admission", "grow(ahead=8)"
        };
        if (!toFile) return Child.jay(said, all);
        String[] more = {"--kv-file", folder.resolve("kv").toString(), "--kv-file-size", "3m"};
        return Child.jay(said, Stream.concat(Stream.of(all), Stream.of(more)).toArray(String[]::new));
    }

    private Map<String, String> plainly() throws Exception {
        assertThat(batch(false).waitFor()).isZero();
        Map<String, String> whole = BatchTest.answers(out);
        Files.delete(out);
        return whole;
    }

    private long growth() throws IOException {
        return Files.exists(out) ? Files.size(out) : 0;
    }

    @Test
    @Timeout(240)
    void shouldGoOnWithTheAnswersThatWereUnderWayWhenItWasToldToEnd() throws Exception {
        Files.write(in, BatchTest.requests(6, 250));
        Map<String, String> whole = plainly();
        long begun = 0;
        for (boolean isDone = false; !isDone; ) {
            long before = growth();
            Process process = batch(true);
            while (process.isAlive() && growth() <= before) Thread.sleep(2);
            Thread.sleep(30);
            process.destroy();
            process.waitFor();
            isDone = process.exitValue() == 0;
            Matcher m = BEGUN.matcher(Files.readString(folder.resolve("said")));
            if (m.find()) begun += Long.parseLong(m.group(1));
        }
        assertThat(BatchTest.answers(out)).isEqualTo(whole);
        assertThat(begun).isPositive();
    }

    /** As often as the property jay.kills says (3): 200 takes some minutes. */
    @Test
    @Timeout(7200)
    void shouldAnswerEachOnceAlthoughItIsKilledWhileItDemotesAndParks() throws Exception {
        int kills = Integer.getInteger("jay.kills", 3);
        Files.write(in, BatchTest.requests(20, 120));
        Map<String, String> whole = plainly();
        SplittableRandom random = new SplittableRandom(kills);
        int whileDemoting = 0;
        int whileParking = 0;
        for (int killed = 0; killed < kills; ) {
            long before = growth();
            Process process = batch(true);
            if (random.nextInt(4) > 0) while (process.isAlive() && growth() <= before) Thread.sleep(2);
            boolean ended = process.waitFor(random.nextInt(300), TimeUnit.MILLISECONDS);
            boolean parks = !ended && random.nextBoolean();
            if (parks) {
                process.destroy();
                ended = process.waitFor(random.nextInt(60), TimeUnit.MILLISECONDS);
            }
            if (!ended) {
                process.destroyForcibly().waitFor();
                killed++;
                if (killed % 20 == 0) System.out.println("killed " + killed + " times");
                if (parks) whileParking++;
                else if (growth() > before) whileDemoting++;
            }
            if (process.exitValue() == 0) {
                assertThat(BatchTest.answers(out)).isEqualTo(whole);
                Files.delete(out);
            } else {
                String said = Files.readString(folder.resolve("said"));
                assertThat(said).doesNotContain("cannot be used").doesNotContain("Exception");
            }
        }
        System.out.println("killed " + kills + " times: " + whileDemoting + " while answers came, " + whileParking
                + " after it was told to end");
        assumeThat(whileDemoting + whileParking)
                .as("kills that came in the middle")
                .isPositive();
        Process last = batch(true);
        assertThat(last.waitFor()).as(Files.readString(folder.resolve("said"))).isZero();
        assertThat(BatchTest.answers(out)).isEqualTo(whole);
    }

    private static String ask(String url, boolean stream) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"once upon\",\"max_tokens\":450,"
                        + "\"numerics\":\"exact\",\"ignore_eos\":true,\"temperature\":0,\"stream\":" + stream + "}"))
                .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        }
    }

    private static String get(String url) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private Process serve() throws IOException {
        return Child.jay(
                null,
                "serve",
                "" + model,
                "--port",
                "0",
                "--stop-seconds",
                "0",
                "--threads",
                "1",
                "--kv-file",
                "" + folder.resolve("kv"));
    }

    private static String url(BufferedReader said) throws IOException {
        for (String line; (line = said.readLine()) != null; ) {
            Matcher m = Pattern.compile("http://[0-9.]+:\\d+").matcher(line);
            if (line.contains("answers for") && m.find()) return m.group();
        }
        throw new IOException("the server ended before it listened");
    }

    private static String choices(String body) {
        return body.replaceAll("(?s).*\"choices\":(.*),\"usage\".*", "$1");
    }

    @Test
    @Timeout(120)
    void shouldGoOnWithWhatAServerWasSayingForWhoeverAsksTheSameAgain() throws Exception {
        Process first = serve();
        String[] broken = new String[1];
        try (BufferedReader said = first.inputReader(StandardCharsets.UTF_8)) {
            String url = url(said);
            Thread asking = Thread.ofVirtual().start(() -> {
                try {
                    broken[0] = ask(url, true);
                } catch (IOException | InterruptedException e) {
                    broken[0] = "the connection broke: " + e;
                }
            });
            while (!get(url + "/v1/memory").matches("(?s).*\"decoded_tokens\":[1-9]\\d.*")) Thread.sleep(5);
            first.destroy();
            assertThat(first.waitFor()).isZero();
            asking.join();
            assertThat(broken[0]).doesNotContain("[DONE]").contains("stopping");
        } finally {
            first.destroyForcibly();
        }
        Process second = serve();
        try (BufferedReader said = second.inputReader(StandardCharsets.UTF_8)) {
            String url = url(said);
            String goneOn = choices(ask(url, false));
            assertThat(get(url + "/metrics")).containsPattern("jay_answers_resumed_total\\{[^}]*} 1");
            String anew = choices(ask(url, false)); // nothing is kept of what came to its end
            assertThat(goneOn).contains("\"finish_reason\":\"length\"").isEqualTo(anew);
            assertThat(get(url + "/metrics")).containsPattern("jay_answers_resumed_total\\{[^}]*} 1");
        } finally {
            second.destroyForcibly();
        }
    }
}
