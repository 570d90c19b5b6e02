// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.Shared;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class BatchBenchTest {
    private static final Pattern RUN =
            Pattern.compile("(first-come|in-order) .*prompt tokens run +(\\d+), known +(\\d+)");

    @Test
    void shouldRunEachBeginningOnceInTheOrderThatSharesMostThoughNotAllFit() {
        String model = Shared.data("0-stories260K/stories260K.gguf").toString();
        PrintStream before = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            String[] asked = (model
                            + " --requests 40 --prefixes 10 --prefix 64 --own 8 --answer 4 --context 96 --parallel 2"
                            + " --threads 1 --rounds 1 --vocabulary 500")
                    .split(" ");
            assertThat(new CommandLine(new BatchBench()).execute(asked)).isZero();
        } finally {
            System.setOut(before);
        }
        long[] run = new long[2]; // first-come, in-order
        for (Matcher m = RUN.matcher(said.toString(StandardCharsets.UTF_8)); m.find(); ) {
            int which = m.group(1).equals("in-order") ? 1 : 0;
            run[which] = Long.parseLong(m.group(2));
            assertThat(run[which] + Long.parseLong(m.group(3))).isGreaterThanOrEqualTo(40 * 72);
        }
        assertThat(run[1]).isBetween(10L * 64 + 40 * 8 - 80, 10L * 64 + 40 * 8 + 80);
        assertThat(run[0]).isGreaterThan(run[1]);
        assertThat(said.toString(StandardCharsets.UTF_8)).containsPattern("ratio \\d");
    }
}
