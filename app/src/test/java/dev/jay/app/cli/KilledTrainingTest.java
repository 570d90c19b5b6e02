// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training in a process that is killed (as by kill -9) again and again, at any moment of a step or of a checkpoint: each
 * life goes on bit for bit from the last complete step. {@code -Djay.kills=100} for many.
 */
class KilledTrainingTest {
    private static final String STORY = "Once upon a time there were 3 little cats. The cats sat on the mat. ";
    private static final int KILLS = Integer.getInteger("jay.kills", 2);
    private static final int STEPS = 6 * KILLS + 12;

    @TempDir
    private Path folder;

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    /** A whole life, in this process. */
    private void done(String... arguments) {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(new ByteArrayOutputStream()),
                new PrintStream(said, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of());
        assertThat(Jay.commandLine(shell, arguments).execute(arguments))
                .as(said.toString(StandardCharsets.UTF_8))
                .isZero();
    }

    private static List<String> rows(Path curves) throws IOException {
        if (!Files.exists(curves)) return List.of();
        return Files.readAllLines(curves).stream().skip(1).toList();
    }

    /** Step, loss, norm and rate; the last row may be cut short. */
    private static List<String> learnt(Path curves) throws IOException {
        return rows(curves).stream()
                .filter(row -> row.split(",", -1).length == 8)
                .map(row -> row.replaceFirst("^((?:[^,]*,){4}).*", "$1"))
                .toList();
    }

    /** Lives until it has taken so many steps more, and some random time longer; then it is killed. */
    private void killed(Random random, Path curves, String... arguments) throws IOException, InterruptedException {
        int wanted = rows(curves).size() + 1 + random.nextInt(3);
        Process process = Child.jay(folder.resolve("said.txt").toFile(), arguments);
        while (process.isAlive() && rows(curves).size() < wanted) Thread.sleep(1);
        process.waitFor(random.nextInt(20), TimeUnit.MILLISECONDS);
        process.destroyForcibly().waitFor();
    }

    private void lives(String result, String... begun) throws IOException, InterruptedException {
        String[] whole = with(begun, file("whole"));
        String[] parts = with(begun, file("parts"));
        done(whole);
        List<String> wanted = learnt(folder.resolve("whole/curves.csv"));
        assertThat(wanted).hasSize(STEPS);
        Random random = new Random(7);
        Path curves = folder.resolve("parts/curves.csv");
        for (int kill = 0; kill < KILLS; kill++) {
            killed(random, curves, parts);
            List<String> got = learnt(curves);
            assertThat(got).as("after kill " + kill).isEqualTo(wanted.subList(0, got.size()));
        }
        assertThat(rows(curves).size()).as("steps of all lives but the last").isLessThan(STEPS);
        done(parts);
        assertThat(learnt(curves)).isEqualTo(wanted);
        assertThat(folder.resolve("parts").resolve(result))
                .hasSameBinaryContentAs(folder.resolve("whole").resolve(result));
    }

    private static String[] with(String[] arguments, String out) {
        String[] all = arguments.clone();
        all[all.length - 1] = out;
        return all;
    }

    private String recipe() throws IOException {
        Files.writeString(folder.resolve("text.txt"), STORY.repeat(40));
        done("train-tokenizer", file("text.txt"), "--vocabulary", "280", "--out", file("t.gguf"));
        String lines = "name = cats\ntokenizer = t.gguf\ndata = text.txt\nwidth = 64\nlayers = 2\nheads = 4\n"
                + "kv-heads = 2\nhead-width = 16\nffn = 96\ncontext = 64\nlength = 32\nsequences = 16\n"
                + "checkpoint-every = 1\nrate = 0.01\nsteps = " + STEPS + "\n";
        return Files.writeString(folder.resolve("cats.properties"), lines).toString();
    }

    @Test
    void everyLifeOfATrainingShouldGoOnBitForBit() throws IOException, InterruptedException {
        lives("cats-f32.gguf", "train", recipe(), "--out", "");
    }

    @Test
    void everyLifeOfATuningShouldGoOnBitForBit() throws IOException, InterruptedException {
        String recipe = recipe();
        done("train", recipe, "--set", "steps=2", "--out", file("base"));
        Files.writeString(
                folder.resolve("more.txt"),
                (STORY + "<|endoftext|>\n").repeat(20).replace("cats", "dogs"));
        String[] sets = {"steps=" + STEPS, "checkpoint-every=1", "length=64", "held-out=0", "rank=4"};
        lives(
                "tuned-lora.gguf",
                "tune",
                file("base/cats-q8_0.gguf"),
                "--data",
                file("more.txt"),
                "--set",
                sets[0],
                "--set",
                sets[1],
                "--set",
                sets[2],
                "--set",
                sets[3],
                "--set",
                sets[4],
                "--out",
                "");
    }
}
