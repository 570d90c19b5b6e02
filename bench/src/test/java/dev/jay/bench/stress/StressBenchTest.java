// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.memory.Memory;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class StressBenchTest {
    @Test
    void shouldFindNoWrongBitInTheKernelsOfThisMachine() {
        StringWriter out = new StringWriter();
        int exit =
                new CommandLine(new StressBench()).setOut(new PrintWriter(out)).execute("--minutes", "0.05");
        assertThat(exit).as(out.toString()).isZero();
        assertThat(out.toString()).containsAnyOf("wrong results=0", "nothing to do");
    }

    @Test
    void shouldCallTheDefinitionTooIfAsked() {
        StringWriter out = new StringWriter();
        int exit = new CommandLine(new StressBench())
                .setOut(new PrintWriter(out))
                .execute("--minutes", "0.005", "--providers", "scalar");
        assertThat(exit).as(out.toString()).isZero();
        assertThat(out.toString()).contains("wrong results=0").doesNotContain("calls=0,");
    }

    @Test
    void shouldNoticeOneWrongBit() {
        AtomicInteger calls = new AtomicInteger();
        StressCase faulty = new StressCase("none", "counts", 16, 0, (out, room) -> {
            for (int i = 0; i < 4; i++) Raws.set(out + 4L * i, i);
            if (calls.incrementAndGet() == 3) Raws.set(out + 12, 3 ^ 1 << 30);
        });
        try (Memory memory = Memory.withBudget(1 << 20);
                StressCalls stress = new StressCalls(List.of(faulty), 2, memory)) {
            for (int i = 0; i < 5; i++) stress.once();
            assertThat(stress.calls()).isEqualTo(5);
            assertThat(stress.wrong()).isEqualTo(1);
            assertThat(stress.faults()).singleElement().asString().contains("none counts: byte 15");
        }
    }
}
