// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class PlannerTest {
    private static final long MIB = 1 << 20;

    /** 12 parts of 10 MiB, 4 KiB of keys and values a token, 64 KiB of working space a token of a step. */
    record Fixed(Arithmetic arithmetic) implements Needs {
        @Override
        public long weightBytes() {
            return 120 * MIB;
        }

        @Override
        public List<Long> parts() {
            return Collections.nCopies(12, 10 * MIB);
        }

        @Override
        public Map<String, Long> taken() {
            return Map.of("machine-code", MIB);
        }

        @Override
        public Working working(Setup s) {
            long kv = 4096L * s.contextLength() * s.parallel();
            return new Working(kv, s.layerRows() << 16, s.layerRows() << 15);
        }
    }

    private static final Map<String, Long> LAYERS = Map.of("q8_0", 110 * MIB);
    static final Needs NEEDS = new Fixed(new Arithmetic(
            LAYERS,
            LAYERS,
            Map.of("q8_0", 70_000L),
            Map.of("q8_0", 90_000L),
            Map.of("q8_0", 10 * MIB),
            11,
            2048,
            1 << 20,
            1 << 16));

    static final Wishes ANY = new Wishes(OptionalInt.empty(), 4096, 1, 256);

    private static Plan plan(long mib, Wishes wishes) {
        return Planner.plan(NEEDS, mib * MIB, wishes);
    }

    @Test
    void shouldSetAsideWhatIsWishedForWhereThereIsRoom() {
        Plan plan = plan(200, ANY);
        assertThat(plan.fits()).isTrue();
        assertThat(plan.setup()).isEqualTo(new Setup(false, 4096, 1, 256, 256));
        assertThat(plan.setAside())
                .containsEntry("weights", 120 * MIB)
                .containsEntry("kv-pages", 16 * MIB)
                .containsEntry("scratch", 16 * MIB);
        assertThat(plan.setAsideBytes()).isEqualTo(plan.neededBytes()).isLessThanOrEqualTo(200 * MIB);
        assertThat(plan.peakBytes()).isLessThan(plan.setAsideBytes());
        assertThat(plan.chosen())
                .singleElement()
                .satisfies(c -> assertThat(c.mechanism()).isEqualTo("weights-in-memory"));
    }

    @Test
    void shouldTakeShorterStepsThenAShorterContextBeforeItStreams() {
        assertThat(plan(140, ANY).setup()).isEqualTo(new Setup(false, 4096, 1, 256, 32));
        assertThat(plan(131, ANY).setup()).isEqualTo(new Setup(false, 2048, 1, 256, 16));
        assertThat(plan(127, ANY).setup()).isEqualTo(new Setup(false, 1024, 1, 256, 16));
        assertThat(plan(126, ANY).setup().streamed()).isTrue();
    }

    @Test
    void shouldNeverShortenAContextThatWasNamed() {
        Wishes named = ANY.withContext(4096);
        assertThat(plan(139, named).setup()).isEqualTo(new Setup(false, 4096, 1, 256, 16));
        for (long mib = 10; mib < 200; mib++) {
            assertThat(plan(mib, named).setup().contextLength()).isEqualTo(4096);
        }
    }

    @Test
    void shouldKeepAsManyPartsAsFitBesideThoseThatAreRead() {
        Plan plan = plan(126, ANY);
        assertThat(plan.split().orElseThrow().kept()).hasSize(7);
        assertThat(plan.setAside()).containsEntry("weights-kept", 70 * MIB).containsEntry("weights-streamed", 20 * MIB);
        assertThat(plan.split().orElseThrow().streamedBytes()).isEqualTo(50 * MIB);
        assertThat(plan.chosen()).extracting(Plan.Choice::mechanism).contains("weights-streamed");
    }

    @Test
    void shouldNeverSetAsideMoreThanTheBudgetAndNeedLessWhereItGivesLess() {
        for (long mib = 20; mib < 300; mib++) {
            Plan plan = plan(mib, ANY);
            if (plan.fits()) assertThat(plan.setAsideBytes()).isLessThanOrEqualTo(mib * MIB);
            else assertThat(plan.neededBytes()).isGreaterThan(mib * MIB);
        }
    }

    @Test
    void shouldNameTheKnobAndExactlyWhatWouldDo() {
        Wishes named = ANY.withContext(2048).withParallel(2);
        Plan plan = plan(30, named);
        assertThat(plan.fits()).isFalse();
        assertThat(Planner.refusal(plan))
                .hasMessageContaining("raise --memory by 9 MiB")
                .hasMessageContaining("needed=" + plan.neededBytes())
                .hasMessageContaining("--context");
        assertThat(Planner.plan(NEEDS, plan.neededBytes(), named).fits()).isTrue();
        assertThat(Planner.plan(NEEDS, plan.neededBytes() - 1, named).fits()).isFalse();
    }

    @Test
    void shouldFindTheLongestContextAndTheMostSequencesThatFit() {
        Plan plan = plan(140, ANY.withContext(1024));
        int context = Planner.mostContext(NEEDS, plan, ANY, 1 << 20);
        assertThat(plan(140, ANY.withContext(context)).setup().streamed()).isFalse();
        assertThat(plan(140, ANY.withContext(context + 1)).setup().streamed()).isTrue();
        int sequences = Planner.mostParallel(NEEDS, plan, ANY, 1024);
        assertThat(sequences).isEqualTo(4);
        assertThat(Planner.mostContext(NEEDS, plan(10, ANY), ANY, 4096)).isZero();
    }
}
