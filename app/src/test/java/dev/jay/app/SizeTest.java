// SPDX-License-Identifier: Apache-2.0
package dev.jay.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every source file owes: a licence line and a size that can be read in one sitting. */
class SizeTest {
    private static final int MOST_LINES = 400;

    @Test
    void everyFileShouldNameItsLicenceAndStayShort() throws IOException {
        List<String> wrong = new ArrayList<>();
        int seen = 0;
        for (Path file : sources()) {
            List<String> lines = Files.readAllLines(file);
            seen++;
            if (!lines.getFirst().contains("SPDX-License-Identifier: Apache-2.0")) wrong.add("no SPDX line: " + file);
            if (lines.size() > MOST_LINES) wrong.add(lines.size() + " lines, most " + MOST_LINES + ": " + file);
        }
        assertThat(seen).isGreaterThan(50);
        assertThat(wrong).isEmpty();
    }

    static List<Path> sources() throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> modules = Files.list(Shared.root())) {
            for (Path module : modules.toList()) {
                Path src = module.resolve("src");
                if (!Files.isDirectory(src)) continue;
                try (Stream<Path> all = Files.walk(src)) {
                    all.filter(f -> f.toString().endsWith(".java")).forEach(files::add);
                }
            }
        }
        return files;
    }
}
