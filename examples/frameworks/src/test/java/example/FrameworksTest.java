// SPDX-License-Identifier: Apache-2.0
package example;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.jay.model.load.Synth;
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
        Synth.write("llama-tiny", "q8_0", 1, file);
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
