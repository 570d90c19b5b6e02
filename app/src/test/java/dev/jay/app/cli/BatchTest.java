// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A file of requests in, an answer to each out, once each, whatever happens between. */
class BatchTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int PREFIXES = 5;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Path model;
    private Path in;
    private Path out;

    @BeforeEach
    void files() throws IOException {
        model = Child.model(folder);
        in = folder.resolve("in.jsonl");
        out = folder.resolve("out.jsonl");
    }

    private int batch(String... more) {
        err.reset();
        List<String> arguments =
                new ArrayList<>(List.of("batch", model.toString(), in.toString(), out.toString(), "--threads", "1"));
        arguments.addAll(List.of(more));
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(new ByteArrayOutputStream()),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of());
        String[] all = arguments.toArray(String[]::new);
        return Jay.commandLine(shell, all).execute(all);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private static String line(String id, String url, ObjectNode body) {
        ObjectNode line = JSON.createObjectNode().put("custom_id", id).put("method", "POST");
        return line.put("url", url).set("body", body).toString();
    }

    private static ObjectNode exact() {
        return JSON.createObjectNode().put("temperature", 0).put("numerics", "exact");
    }

    /** Requests that share beginnings, in a random order. */
    static List<String> requests(int count, int tokens) {
        SplittableRandom random = new SplittableRandom(5);
        List<String> prefixes = new ArrayList<>();
        for (int p = 0; p < PREFIXES; p++) prefixes.add(letters(random, 120));
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String prompt = prefixes.get(i % PREFIXES) + letters(random, 20);
            lines.add(line(
                    "r" + i, "/v1/completions", exact().put("prompt", prompt).put("max_tokens", tokens)));
        }
        Collections.shuffle(lines, new Random(1));
        return lines;
    }

    private static String letters(SplittableRandom random, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) text.append((char) ('a' + random.nextInt(26)));
        return text.toString();
    }

    /** What was answered: the choices, the output, or the refusal. Fails where an id comes twice or a line is not whole. */
    static Map<String, String> answers(Path out) throws IOException {
        Map<String, String> answers = new TreeMap<>();
        String all = Files.readString(out);
        assertThat(all).endsWith("\n");
        for (String line : all.split("\n")) {
            JsonNode node = JSON.readTree(line);
            JsonNode body = node.at("/response/body");
            String id = node.at("/custom_id").stringValue();
            String said = node.at("/response/status_code").intValue() + " "
                    + (body.has("choices")
                            ? body.get("choices")
                            : body.has("output") ? body.get("output") : body.get("error"));
            assertThat(answers.put(id, said)).as("answered twice: %s", id).isNull();
            assertThat(node.has("error")).isTrue();
        }
        return answers;
    }

    private Map<String, String> answers() throws IOException {
        return answers(out);
    }

    @Test
    void shouldAnswerEveryRequestOnceInTheFormOfItsEndpoint() throws Exception {
        List<String> lines = requests(30, 12);
        ObjectNode chat = exact().put("max_tokens", 5);
        chat.putArray("messages").addObject().put("role", "user").put("content", "hello");
        lines.add("");
        lines.add(line("chat", "/v1/chat/completions", chat));
        lines.add(line("respond", "/v1/responses", exact().put("input", "hello").put("max_output_tokens", 5)));
        lines.add(line(
                "two",
                "/v1/completions",
                exact().put("prompt", "a").put("max_tokens", 3).put("n", 2)));
        lines.add(line(
                "many",
                "/v1/completions",
                exact().put("prompt", "a").put("max_tokens", 1).put("n", 64)));
        lines.add(line("no path", "/v1/embeddings", exact()));
        lines.add(line("no value", "/v1/completions", exact().put("prompt", "a").put("top_p", 7)));
        lines.add(line("too long", "/v1/completions", exact().put("prompt", "a").put("max_tokens", 100_000)));
        lines.add(line("stream", "/v1/completions", exact().put("prompt", "a").put("stream", true)));
        Files.write(in, lines);
        assertThat(batch()).as(complained()).isZero();
        Map<String, String> answers = answers();
        assertThat(answers).hasSize(38);
        assertThat(answers.values().stream().filter(a -> a.startsWith("200 "))).hasSize(34);
        assertThat(answers.get("chat")).contains("\"role\":\"assistant\"");
        assertThat(answers.get("respond")).contains("\"output_text\"");
        assertThat(answers.get("two")).contains("\"index\":1");
        assertThat(answers.get("many")).contains("\"index\":63");
        assertThat(answers.get("no path"))
                .startsWith("400")
                .contains("/v1/chat/completions, /v1/completions, /v1/responses");
        assertThat(answers.get("no value")).startsWith("400").contains("top_p");
        assertThat(answers.get("too long")).startsWith("400").contains("context_length_exceeded");
        assertThat(answers.get("stream")).startsWith("400").contains("nobody to stream to");
        assertThat(complained()).contains("38 answers written").containsPattern("[1-9]\\d+ not run because");
    }

    @Test
    void shouldGoOnAfterALineThatWasCutOffAndAskNothingTwice() throws Exception {
        Files.write(in, requests(12, 6));
        assertThat(batch()).isZero();
        Map<String, String> whole = answers();
        List<String> written = Files.readAllLines(out);
        for (int cut :
                new int[] {0, 1, written.get(5).length() - 1, written.get(5).length()}) {
            Files.writeString(
                    out,
                    String.join("\n", written.subList(0, 5)) + "\n"
                            + written.get(5).substring(0, cut));
            assertThat(batch()).as(complained()).isZero();
            assertThat(answers()).isEqualTo(whole);
            assertThat(Files.readAllLines(out).subList(0, 5)).isEqualTo(written.subList(0, 5));
            assertThat(complained()).contains("5 of 12 are answered").contains("7 answers written");
        }
        assertThat(batch()).isZero();
        assertThat(complained()).contains("0 answers written");
    }

    @Test
    void shouldRefuseFilesThatAreNotABatchBeforeAnythingRuns() throws Exception {
        List<String> sound = requests(2, 2);
        Map<String, String> wrong = Map.of(
                sound.get(0),
                "line 3: custom_id 'r",
                "no json",
                "line 3: the body is not sound JSON",
                "{\"url\":\"/v1/completions\",\"body\":{}}",
                "line 3: custom_id is missing",
                "{\"custom_id\":\"x\",\"body\":{}}",
                "line 3: url is missing",
                "{\"custom_id\":\"x\",\"url\":\"/v1/completions\"}",
                "line 3: body is missing");
        for (Map.Entry<String, String> each : wrong.entrySet()) {
            Files.write(in, List.of(sound.get(0), sound.get(1), each.getKey()));
            assertThat(batch()).isEqualTo(65);
            assertThat(complained()).contains(each.getValue());
            assertThat(out).doesNotExist();
        }
        Files.write(in, sound);
        Files.writeString(out, "a letter\nto a friend");
        assertThat(batch()).isEqualTo(65);
        assertThat(complained()).contains("line 1: not an answer to a batch");
        assertThat(out).hasContent("a letter\nto a friend");
        out = in;
        assertThat(batch()).isEqualTo(2);
    }

    @Test
    void shouldNotWriteBesideAnother() throws Exception {
        Files.write(in, requests(2, 2));
        Process other = Child.jay(null, "batch", model.toString(), in.toString(), out.toString());
        assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
        try (FileChannel held = FileChannel.open(out, StandardOpenOption.WRITE);
                FileLock lock = held.lock()) {
            Process second = Child.jay(null, "batch", model.toString(), in.toString(), out.toString());
            assertThat(new String(second.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("another process writes to");
            assertThat(second.waitFor()).isEqualTo(1);
            assertThat(lock.isValid()).isTrue();
        }
    }

    /** As often as the property jay.kills says (5): 200 takes some minutes. */
    @Test
    @Timeout(1200)
    void shouldAnswerEachOnceAlthoughItIsKilled() throws Exception {
        int kills = Integer.getInteger("jay.kills", 5);
        Files.write(in, requests(60, 60));
        assertThat(batch()).isZero();
        Map<String, String> whole = answers();
        Files.delete(out);
        SplittableRandom random = new SplittableRandom(kills);
        int inside = 0; // kills that came while answers were being written
        for (int killed = 0; killed < kills; ) {
            Process process = start();
            long least = Files.exists(out) ? Files.size(out) : 0;
            if (random.nextInt(4) > 0) awaitGrowth(process, least);
            if (!process.waitFor(random.nextInt(400), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor();
                killed++;
                if (Files.exists(out) && Files.size(out) > least) inside++;
                if (random.nextInt(3) == 0) cut(random);
            } else {
                assertThat(process.exitValue()).isZero();
                assertThat(answers()).isEqualTo(whole);
                Files.delete(out);
            }
        }
        assumeThat(inside).as("kills while answers were written").isPositive();
        Process last = start();
        assertThat(last.waitFor()).isZero();
        assertThat(answers()).isEqualTo(whole);
    }

    private Process start() throws IOException {
        File said = folder.resolve("said").toFile();
        return Child.jay(said, "batch", model.toString(), in.toString(), out.toString(), "--threads", "1");
    }

    private void awaitGrowth(Process process, long least) throws IOException, InterruptedException {
        while (process.isAlive() && (!Files.exists(out) || Files.size(out) <= least)) Thread.sleep(2);
    }

    /** What a kill in the middle of a write would leave. */
    private void cut(SplittableRandom random) throws IOException {
        if (!Files.exists(out) || Files.size(out) == 0) return;
        try (RandomAccessFile file = new RandomAccessFile(out.toFile(), "rw")) {
            file.setLength(Math.max(0, file.length() - random.nextInt(300)));
        }
    }
}
