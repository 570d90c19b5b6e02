// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ProbeTest {
    private static final Probe PROBE = new Probe(
                    "a CPU; threads: 2",
                    Map.of(),
                    Map.of("q8_0", 10e9, "f32", 12e9),
                    Map.of("q8_0", 3e11, "f32", 1e11),
                    Map.of("q8_0", 2e10, "f32", 1e10),
                    Map.of("q8_0", 1e9, "f32", 3e9),
                    Map.of("q8_0", 2e9, "f32", 4e9),
                    8e9,
                    2e11,
                    40,
                    5e-6,
                    3e9)
            .withDiskRate("/ (/dev/disk 1)", 1.5e9);

    @Test
    void shouldReadWhatItWrote() {
        assertThat(Probe.parse(PROBE.text(), PROBE.machine())).contains(PROBE);
        assertThat(PROBE.diskRate("/ (/dev/disk 1)")).contains(1.5e9);
        assertThat(PROBE.diskRate("/other")).isEmpty();
        assertThat(PROBE.memoryRate()).isEqualTo(12e9);
    }

    @Test
    void shouldTakeNothingOfAnotherMachineOrAnotherVersion() {
        assertThat(Probe.parse(PROBE.text(), "another CPU")).isEmpty();
        assertThat(Probe.parse(PROBE.text().replace("version 4", "version 3"), PROBE.machine()))
                .isEmpty();
    }

    @Test
    void shouldTakeNothingThatIsDamaged() {
        String text = PROBE.text();
        for (int cut = 0; cut < text.length(); cut++) {
            assertThat(Probe.parse(text.substring(0, cut), PROBE.machine())).isEmpty();
        }
        for (int i = 0; i < text.length(); i++) {
            String changed = text.substring(0, i) + (char) (text.charAt(i) ^ 1) + text.substring(i + 1);
            assertThat(Probe.parse(changed, PROBE.machine()))
                    .as("character %d", i)
                    .isEmpty();
        }
    }
}
