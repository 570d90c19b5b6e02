// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.tiny;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.model.load.Synth;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TinyBenchTest {
    @TempDir
    private Path folder;

    private String complained = "";

    private int bench(ByteArrayOutputStream out, String... args) {
        StringWriter err = new StringWriter();
        PrintStream before = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            return new CommandLine(new TinyBench()).setErr(new PrintWriter(err)).execute(args);
        } finally {
            System.setOut(before);
            complained = err.toString();
        }
    }

    private String model() throws IOException {
        Path file = folder.resolve("random.gguf");
        Synth.write("llama-tiny", "q8_0", 1, file);
        return file.toString();
    }

    /** Weights at random recall nothing and give each byte about as many bits as it has; the same seed, the same words. */
    @Test
    void shouldMeasureWhatItIsGiven() throws IOException {
        String model = model();
        Path text =
                Files.writeString(folder.resolve("valid.txt"), "The cats sat on the mat, and it was red. ".repeat(40));
        Path plot = folder.resolve("recall.png");
        String[] args = {
            model,
            "--skills",
            "needle,story",
            "--lengths",
            "60,100,100000",
            "--items",
            "2",
            "--text",
            text.toString(),
            "--text-characters",
            "400",
            "--baseline",
            model,
            "--json",
            "--plot",
            plot.toString()
        };
        ByteArrayOutputStream first = new ByteArrayOutputStream();
        assertThat(bench(first, args)).as(complained).isZero();
        JsonNode root = JsonMapper.shared().readTree(first.toByteArray());
        assertThat(root.get("recall").size()).as("100000 is beyond its context").isEqualTo(4);
        assertThat(root.at("/recall/3/skill").asString()).isEqualTo("story");
        assertThat(root.at("/recall/3/length").asInt()).isEqualTo(100);
        assertThat(root.at("/recall/3/right").asInt()).isZero();
        double bits = root.at("/bitsPerByte/model").asDouble();
        assertThat(bits).isGreaterThan(1);
        assertThat(root.at("/bitsPerByte/baseline").asDouble()).isCloseTo(bits, within(1e-9));
        assertThat(root.at("/bitsPerByte/deflate").asDouble()).isBetween(0.5, 2.0);
        assertThat(ImageIO.read(plot.toFile()).getWidth()).isGreaterThan(100);
        ByteArrayOutputStream again = new ByteArrayOutputStream();
        assertThat(bench(again, args)).isZero();
        assertThat(again.toString(StandardCharsets.UTF_8)).isEqualTo(first.toString(StandardCharsets.UTF_8));
    }

    @Test
    void shouldSayWhatIsWrong() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(bench(out, model(), "--skills", "juggling")).isEqualTo(2);
        assertThat(complained).contains("known=");
        assertThat(bench(out, folder.resolve("none.gguf").toString())).isEqualTo(2);
        assertThat(complained).contains("no such file");
        assertThat(bench(out, model(), "--items", "0")).isEqualTo(2);
        assertThat(complained).contains("items=0");
    }
}
