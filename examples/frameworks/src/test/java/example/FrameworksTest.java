// SPDX-License-Identifier: Apache-2.0
package example;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.jay.model.load.Synth;
import dev.jay.model.load.SynthShapes;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples run as they stand, on a small model of random weights. */
class FrameworksTest {
    private interface Main {
        void run(String... args) throws IOException;
    }

    @TempDir
    private Path folder;

    @Test
    void shouldRunAsTheyStand() throws IOException {
        Path file = folder.resolve("model.gguf");
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(1)) {
            Synth.write(
                    memory,
                    workers,
                    SynthShapes.ALL.make("llama-tiny"),
                    WeightFormats.ALL.make("q8_0"),
                    1,
                    file,
                    (done, total, tensor) -> {});
        }
        for (Main each : new Main[] {LangChain4jChat::main, SpringAiChat::main}) {
            assertFalse(
                    said(each, file.toString(), "When does the library open?").isBlank());
        }
    }

    private static String said(Main main, String... args) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            main.run(args);
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
