// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.tensor.memory.SystemMemory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What the engine does when memory runs short around it. */
class PressureTest {
    private static final long GIB = 1 << 30;

    private static SystemMemory.Reading reading(long available, SystemMemory.Stall machine, SystemMemory.Stall own) {
        return new SystemMemory.Reading(16 * GIB, available, 0, List.of(), machine, own);
    }

    private static Pressure inGroup(long limit, long used, long files, long mapped) {
        var group = new SystemMemory.Group(Path.of("x"), limit, used, files);
        SystemMemory.Stall none = SystemMemory.Stall.NONE;
        return Pressure.of(new SystemMemory.Reading(16 * GIB, 8 * GIB, mapped, List.of(group), none, none));
    }

    @Test
    void shouldRiseAsLessIsLeft() {
        SystemMemory.Stall none = SystemMemory.Stall.NONE;
        assertThat(Pressure.of(reading(8 * GIB, none, none))).isEqualTo(Pressure.NONE);
        assertThat(Pressure.of(reading(200 << 20, none, none))).isEqualTo(Pressure.SHORT);
        assertThat(Pressure.of(reading(40 << 20, none, none))).isEqualTo(Pressure.CRITICAL);
        assertThat(inGroup(GIB, GIB / 2, 0, 0)).isEqualTo(Pressure.NONE);
        assertThat(inGroup(GIB, GIB - (20 << 20), 0, 0)).isEqualTo(Pressure.SHORT);
        assertThat(inGroup(GIB, GIB - (4 << 20), 0, 0)).isEqualTo(Pressure.CRITICAL);
        assertThat(inGroup(GIB, GIB - (4 << 20), GIB / 2, 0)).isEqualTo(Pressure.NONE); // files give way
        assertThat(inGroup(GIB, GIB - (4 << 20), GIB / 2, GIB / 2)).isEqualTo(Pressure.CRITICAL); // not its weights
    }

    @Test
    void shouldShedForStallsAndStopNobodyUnlessItsOwnGroupThrashes() {
        SystemMemory.Stall none = SystemMemory.Stall.NONE;
        var some = new SystemMemory.Stall(40, 0);
        var full = new SystemMemory.Stall(60, 50);
        assertThat(Pressure.of(reading(8 * GIB, some, none))).isEqualTo(Pressure.SHORT);
        assertThat(Pressure.of(reading(8 * GIB, full, none))).isEqualTo(Pressure.SHORT);
        assertThat(Pressure.of(reading(8 * GIB, none, some))).isEqualTo(Pressure.SHORT);
        assertThat(Pressure.of(reading(8 * GIB, none, full))).isEqualTo(Pressure.CRITICAL);
        assertThat(Pressure.of(new SystemMemory.Reading(0, 0, 0, List.of(), none, none)))
                .isEqualTo(Pressure.NONE);
    }

    private static Request request(SplittableRandom random) {
        int[] prompt = random.ints(8, 2, HashForward.FAILS).toArray();
        return Request.of(prompt)
                .withSampling(Sampling.GREEDY)
                .withIgnoreEos(true)
                .withMaxTokens(20);
    }

    private static void later(EngineRig rig) {
        rig.now += 1_000_000_000L;
        rig.engine.step();
    }

    @Test
    void shouldGiveBackIdlePrefixesBitByBitWhileMemoryIsShortThoughNothingRuns() {
        try (EngineRig rig = new EngineRig()) {
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < 4; i++) rig.run(request(random));
            int idle = rig.engine.status().cachedPages();
            assertThat(idle).isGreaterThan(16);
            assertThat(rig.engine.couldShed()).isTrue();
            rig.pressure = Pressure.SHORT;
            later(rig);
            int left = rig.engine.status().cachedPages();
            assertThat(left).isBetween(1, idle - 1);
            assertThat(rig.engine.status().pressure()).isEqualTo(Pressure.SHORT);
            assertThat(rig.engine.status().shedPages()).isEqualTo(idle - left);
            rig.pressure = Pressure.CRITICAL;
            later(rig);
            assertThat(rig.engine.status().cachedPages()).isZero();
            assertThat(rig.engine.couldShed()).isFalse();
            assertThat(rig.engine.status().freePages())
                    .isEqualTo(rig.engine.status().pages());
        }
    }

    @Test
    void shouldRunOneAtATimeWhileMemoryIsAboutToRunOutAndAnswerAsEver() {
        try (EngineRig rig = new EngineRig("first-come", 200, 16)) {
            SplittableRandom random = new SplittableRandom(2);
            List<Request> requests = new ArrayList<>();
            List<Answer> answers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                requests.add(request(random));
                answers.add(new Answer());
                rig.engine.submit(requests.get(i), answers.get(i));
            }
            for (int i = 0; i < 6; i++) rig.engine.step();
            assertThat(rig.engine.status().running()).isEqualTo(6);
            rig.pressure = Pressure.CRITICAL;
            for (int wanted = 5; wanted >= 1; wanted--) {
                later(rig);
                assertThat(rig.engine.status().running()).isEqualTo(wanted);
            }
            later(rig);
            assertThat(rig.engine.status().running()).isEqualTo(1);
            rig.drain();
            assertThat(rig.engine.status().preempted()).isPositive();
            for (int i = 0; i < 6; i++) {
                try (EngineRig alone = new EngineRig()) {
                    assertThat(answers.get(i).outcome())
                            .isEqualTo(alone.run(requests.get(i)).outcome());
                }
            }
        }
    }

    @Test
    void shouldLetOthersInAgainWhenItIsOver() {
        try (EngineRig rig = new EngineRig("first-come", 200, 16)) {
            rig.pressure = Pressure.CRITICAL;
            SplittableRandom random = new SplittableRandom(3);
            for (int i = 0; i < 3; i++) rig.engine.submit(request(random), new Answer());
            rig.engine.step();
            assertThat(rig.engine.status().running()).isEqualTo(1);
            rig.pressure = Pressure.NONE;
            later(rig);
            rig.engine.step();
            assertThat(rig.engine.status().running()).isEqualTo(3);
            rig.drain();
        }
    }
}
