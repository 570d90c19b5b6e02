// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CheaperRecallTest {
    private static final long MIB = 1 << 20;
    private static final int STRIDE = 64;
    private static final long BYTES = 2048 * STRIDE;

    private static CheaperRecall recall(double flops, double fileRate, long budget) {
        Probe probe = new Probe(
                "a CPU",
                Map.of(),
                Map.of("q8_0", 10e9),
                Map.of("q8_0", flops),
                Map.of("q8_0", 1e12),
                Map.of("q8_0", 1e12),
                Map.of("q8_0", 1e12),
                1e9,
                flops,
                1,
                1e-6,
                1e12);
        Plan plan = Planner.plan(PlannerTest.NEEDS, budget, PlannerTest.ANY.withContext(2048));
        return new CheaperRecall(PlannerTest.NEEDS.arithmetic(), plan, probe, 1e9, fileRate);
    }

    @Test
    void shouldReadWhereTheDiskIsFasterAndComputeWhereTheProcessorIs() {
        assertThat(recall(1e11, 1e9, 200 * MIB).saved(0, STRIDE, BYTES)).isPositive();
        assertThat(recall(1e14, 1e6, 200 * MIB).saved(0, STRIDE, BYTES)).isNegative();
    }

    @Test
    void shouldCountSecondsAndAttentionToWhatCameBefore() {
        CheaperRecall recall = recall(1e11, 1e9, 200 * MIB);
        double more = recall.saved(1000, STRIDE, BYTES) - recall.saved(0, STRIDE, BYTES);
        assertThat(more).isCloseTo(1000.0 * STRIDE * (1 << 20) / 1e11, within(1e-9));
        double bytes = recall.saved(0, STRIDE, BYTES) - recall.saved(0, STRIDE, 2 * BYTES);
        assertThat(bytes).isCloseTo(BYTES / 1e9, within(1e-9));
    }

    @Test
    void shouldCountThePassOverStreamedWeights() {
        CheaperRecall streamed = recall(1e14, 1e6, 100 * MIB);
        assertThat(streamed.plan().split()).isPresent();
        long read = streamed.plan().split().orElseThrow().streamedBytes();
        double passes = (double) STRIDE / streamed.plan().setup().stepTokens();
        assertThat(streamed.saved(0, STRIDE, 0)).isBetween(passes * read / 1e9, 1.1 * passes * read / 1e9);
    }
}
