// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.load.Synth;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command in a process of its own, which a test may end as it likes. */
final class Child {
    private Child() {}

    /** Standard error goes with standard output, unless {@code err} names a file for it. */
    static Process jay(File err, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("XDG_CONFIG_HOME", "/nonexistent");
        if (err == null) builder.redirectErrorStream(true);
        else builder.redirectError(err);
        return builder.start();
    }

    /** Writes a small model of random weights: its context is 512 tokens. */
    static Path model(Path folder) throws IOException {
        Path file = folder.resolve("tiny.gguf");
        Synth.write("llama-tiny", "q8_0", 1, file);
        return file;
    }
}
