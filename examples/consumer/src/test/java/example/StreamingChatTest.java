// SPDX-License-Identifier: Apache-2.0
package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.model.load.Synth;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The published artifacts work for a program that knows nothing of how they were built. */
class StreamingChatTest {
    @TempDir
    private Path folder;

    @Test
    void shouldAnswerFromThePublishedArtifacts() throws IOException {
        Path file = folder.resolve("model.gguf");
        Synth.write("llama-tiny", "q8_0", 1, file);
        try (Model model = Model.open(file);
                Generation answer = model.generate(
                        Request.of(model.tokenize("Hello")).withMaxTokens(8).withIgnoreEos(true))) {
            assertEquals(8, answer.tokens().size());
            assertTrue(answer.usage().promptTokens() > 0);
        }
        StreamingChat.main(new String[] {file.toString(), "Hello"});
    }
}
