// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.Synth;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;

/** The command as a user calls it, within this process. */
final class KvCommand {
    private final StringWriter complained = new StringWriter();

    String randomModel(Path folder) throws IOException {
        Path file = folder.resolve("random.gguf");
        Synth.write("llama-tiny", "q8_0", 1, file);
        return file.toString();
    }

    /** What it writes to standard output, if it ends as is wanted. */
    List<String> lines(int wanted, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            int rc = new CommandLine(new KvBench())
                    .setErr(new PrintWriter(complained))
                    .execute(args);
            assertThat(rc).as(complained.toString()).isEqualTo(wanted);
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** What went wrong, so far. */
    String complained() {
        return complained.toString();
    }
}
