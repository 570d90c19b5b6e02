// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@code --memory} bounds the whole process: by what the kernel counts, and in a memory cgroup of that very size where
 * this test may make one (v1 or v2).
 */
@Timeout(300)
@EnabledOnOs(OS.LINUX)
class RoomTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int MIB = 216;
    private static final List<String> SIZED = List.of( // as the launcher sizes the smallest
            "-Xms32m",
            "-Xmx64m",
            "-XX:MaxMetaspaceSize=40m",
            "-XX:ReservedCodeCacheSize=16m",
            "-XX:TieredStopAtLevel=1",
            "-Xss512k",
            "-Djay.jvm=total=" + MIB + ",heap=64,metaspace=40,code=16,rest=54");

    @TempDir
    Path folder;

    private JsonNode run(Optional<Path> group, List<String> jvm, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        group.ifPresent(g ->
                command.addAll(List.of("sh", "-c", "echo $$ >" + g.resolve("cgroup.procs") + " && exec \"$@\"", "sh")));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm);
        command.addAll(List.of(
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        File err = folder.resolve("err").toFile();
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(err);
        builder.environment().put("XDG_CONFIG_HOME", "/nonexistent");
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(err.toPath())).isZero();
        return out.startsWith("{") ? JSON.readTree(out) : JSON.createObjectNode();
    }

    @Test
    void shouldStayInsideItsMemoryWithWeightsThatAreLargerThanWhatItLeaves() throws Exception {
        String model = folder.resolve("m.gguf").toString();
        run(Optional.empty(), List.of(), "synth", "llama-150m(layers=8,vocabulary=4000)", model, "--seed", "2");
        String[] ask = {
            "run",
            model,
            "--context",
            "128",
            "--prompt",
            "Once",
            "--max-tokens",
            "3",
            "-t",
            "0",
            "--numerics",
            "exact",
            "--threads",
            "2",
            "--json"
        };
        JsonNode free = run(Optional.empty(), List.of(), ask);

        Optional<Path> group = group();
        JsonNode bounded;
        try {
            bounded = run(group, SIZED, ask);
        } finally {
            if (group.isPresent()) Files.delete(group.get());
        }
        assertThat(bounded.at("/tokens")).isEqualTo(free.at("/tokens"));
        assertThat(bounded.at("/tokens").size()).isPositive();
        long peak = bounded.at("/memory/peakBytes").longValue();
        assertThat(peak).isPositive().isLessThanOrEqualTo((long) MIB << 20);
        assertThat(bounded.at("/memory/byPurpose/weights-streamed").longValue()).isPositive();
        assertThat(bounded.at("/memory/byPurpose/weights").longValue()).isZero();
        // what the books know, and Java's own part at its most, explain all that the kernel counted
        long known = bounded.at("/memory/byPurpose/java-heap").longValue() + (40 + 16 + 54L << 20);
        for (String purpose : new String[] {
            "kernel-scratch", "kv-pages", "machine-code", "scratch", "weights-kept", "weights-streamed"
        }) {
            known += bounded.at("/memory/byPurpose/" + purpose).asLong(0);
        }
        assertThat(peak).isLessThanOrEqualTo(known);
    }

    /** A group inside this process's own with that limit; none where this process may not make one. */
    private static Optional<Path> group() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/cgroup"))) {
            String[] parts = line.split(":", 3);
            boolean old = parts[1].equals("memory");
            if (!old && !parts[1].isEmpty()) continue;
            Path own = Path.of(old ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", parts[2]);
            Path limit = Path.of(old ? "memory.limit_in_bytes" : "memory.max");
            Path made = own.resolve("jay-test-" + ProcessHandle.current().pid());
            try {
                Files.createDirectory(made);
            } catch (IOException e) {
                continue;
            }
            if (Files.isWritable(made.resolve(limit))) {
                Files.writeString(made.resolve(limit), Long.toString((long) MIB << 20));
                return Optional.of(made);
            }
            Files.delete(made);
        }
        return Optional.empty();
    }
}
