// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SpeedTest {
    private static final long MIB = 1 << 20;
    private static final Probe PROBE = new Probe(
            "a CPU", Map.of(), Map.of("q8_0", 10e9, "f32", 5e9), Map.of("q8_0", 1e11, "f32", 5e10), 1e9, 1e11, 1e-6);

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
    void shouldComeAtTheDisksRateWhereThatIsLess() {
        Speed streamed = speed(100, 1024);
        Plan plan = Planner.plan(PlannerTest.NEEDS, 100 * MIB, PlannerTest.ANY.withContext(1024));
        assertThat(streamed.boundBy()).isEqualTo("disk");
        assertThat(streamed.decodeTokensPerSecond())
                .isCloseTo(1e9 / plan.split().orElseThrow().streamedBytes(), within(1e-6));
    }

    @Test
    void shouldTakeAnUnknownFormatForTheSlowest() {
        Arithmetic odd = new Arithmetic(Map.of("odd", 5L << 30), Map.of("odd", 5L << 30), Map.of(), 1, 1, 1);
        assertThat(odd.layerBytes()).containsKey("odd");
        Needs needs = new PlannerTest.Fixed(odd);
        Plan plan = Planner.plan(needs, Long.MAX_VALUE, PlannerTest.ANY);
        assertThat(Speed.of(needs, plan, PROBE, 1e9).decodeTokensPerSecond()).isCloseTo(5e9 / (5L << 30), within(0.01));
    }
}
