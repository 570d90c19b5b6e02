// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SpeedTest {
    private static final long MIB = 1 << 20;
    private static final Probe PROBE = new Probe(
            "a CPU",
            Map.of(),
            Map.of("q8_0", 10e9, "f32", 5e9),
            Map.of("q8_0", 1e11, "f32", 5e10),
            Map.of("q8_0", 1e10, "f32", 4e9),
            Map.of("q8_0", 1e9, "f32", 3e9),
            Map.of("q8_0", 2e9, "f32", 4e9),
            1e9,
            1e11,
            24,
            1e-6,
            1e9);

    private static Speed speed(long mib, int context) {
        Plan plan = Planner.plan(PlannerTest.NEEDS, mib * MIB, PlannerTest.ANY.withContext(context));
        return Speed.of(PlannerTest.NEEDS, plan, PROBE, 1e9);
    }

    @Test
    void shouldReadEveryWeightOnceATokenAndTheContextBeforeIt() {
        double seconds = 120.0 * MIB / 10e9 + 1024 * 2048 / 1e9 + 11e-6;
        assertThat(speed(200, 2048).decodeTokensPerSecond()).isCloseTo(1 / seconds, within(1e-9));
        assertThat(speed(200, 2048).boundBy()).isEqualTo("weights");
    }

    @Test
    void shouldMakeWeightsReadyOnceAStepAndMultiplyEachTokenByThem() {
        double weights = 110.0 * MIB;
        double steps = 4 * (weights / 1e10 + 11e-6); // 1024 tokens, 256 at a time
        double tokens = 1024
                * (weights * 2 / 1e11
                        + 70_000 / 1e9
                        + 90_000 / 2e9
                        + (1 << 16) / 1e9
                        + (512.0 + 24) * (1 << 20) / 1e11);
        double head = 10.0 * MIB / 10e9;
        assertThat(speed(200, 2048).prefillTokensPerSecond()).isCloseTo(1024 / (steps + tokens + head), within(1e-9));
    }

    @Test
    void shouldMakeWeightsReadyForEachPartOfAStepThatGoesThroughALayerInParts() {
        Plan whole = Planner.plan(PlannerTest.NEEDS, 200 * MIB, PlannerTest.ANY.withContext(2048));
        Plan parts = Planner.plan(PlannerTest.NEEDS, 134 * MIB, PlannerTest.ANY.withContext(2048));
        assertThat(parts.setup().layerRows()).isLessThan(whole.setup().layerRows());
        double more = 4.0 * (256 / parts.setup().layerRows() - 1) * (110.0 * MIB / 1e10 + 11e-6);
        double seconds = 1024 / Speed.of(PlannerTest.NEEDS, whole, PROBE, 1e9).prefillTokensPerSecond();
        assertThat(1024 / Speed.of(PlannerTest.NEEDS, parts, PROBE, 1e9).prefillTokensPerSecond())
                .isCloseTo(seconds + more, within(1e-9));
    }

    @Test
    void shouldComeAtTheDisksRateWhereThatIsLess() {
        Speed streamed = speed(100, 1024);
        Plan plan = Planner.plan(PlannerTest.NEEDS, 100 * MIB, PlannerTest.ANY.withContext(1024));
        assertThat(streamed.boundBy()).isEqualTo("disk");
        assertThat(streamed.decodeTokensPerSecond())
                .isCloseTo(1e9 / plan.split().orElseThrow().streamedBytes(), within(1e-6));
    }

    @Test
    void shouldTakeAnUnknownFormatForTheSlowest() {
        Arithmetic odd = new Arithmetic(
                Map.of("odd", 5L << 30), Map.of("odd", 5L << 30), Map.of(), Map.of(), Map.of(), 1, 1, 1, 1);
        assertThat(odd.layerBytes()).containsKey("odd");
        Needs needs = new PlannerTest.Fixed(odd);
        Plan plan = Planner.plan(needs, Long.MAX_VALUE, PlannerTest.ANY);
        assertThat(Speed.of(needs, plan, PROBE, 1e9).decodeTokensPerSecond()).isCloseTo(5e9 / (5L << 30), within(0.01));
    }
}
