// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvReportTest {
    private static KvRow row(
            String recipe, double budget, String task, String mode, double score, double full, long kept) {
        return new KvRow(recipe, budget, task, mode, score, full, kept, kept, 1000, 1, 1, Double.NaN, 10, 59);
    }

    private static KvSummary summary(String recipe, long kept, double quality) {
        return new KvSummary(recipe, List.of(row(recipe, 0, "needle", "single", quality, 1, kept)));
    }

    @Test
    void shouldCountNothingThatF16CanHardlyDo() {
        KvRow firm = row("r", 25, "needle", "single", 0.6, 0.8, 250);
        KvRow weak = row("r", 25, "variables", "single", 0, 0.4, 250);
        KvRow none = row("r", 25, "multi-key", "single", 0, 0, 250);
        KvRow text = row("r", 25, "perplexity", "text", 2.1, 2.0, 250);
        assertThat(firm.quality()).isEqualTo(0.75, within(1e-9));
        assertThat(none.quality()).isNaN();
        assertThat(text.quality()).isEqualTo(Math.exp(-0.1), within(1e-9));
        KvSummary summary = new KvSummary("r", List.of(firm, weak, none, text));
        assertThat(summary.recall()).hasValue(firm.quality());
        assertThat(summary.worst()).isEqualTo(firm.quality());
        assertThat(summary.quality()).isEqualTo((0.75 + Math.exp(-0.1)) / 2, within(1e-9));
    }

    @Test
    void shouldMeasureAreasAtEqualBytes() {
        String all = "keys=f16 values=f16 evict=window(budget=%d,recent=1)";
        KvCurves curve = KvCurves.of(List.of(summary(all.formatted(50), 60, 0.5), summary(all.formatted(500), 500, 1)))
                .getFirst();
        assertThat(curve.method()).isEqualTo("keys=f16 values=f16 evict=window");
        double halved = Math.log(2) / Math.log(1 / 0.06); // of the budgets, those that the larger one fits
        assertThat(curve.area()).isEqualTo(halved + 0.5 * (1 - halved), within(0.01));
        KvCurves never =
                KvCurves.of(List.of(summary("keys=f32 values=f32", 2000, 1))).getFirst();
        assertThat(never.area()).isZero();
    }

    @Test
    void shouldChooseTheBestThatFitsAndTheSmallerOfEqualOnes() {
        List<KvSummary> all =
                List.of(summary("a", 60, 0.5), summary("b", 240, 0.9), summary("c", 200, 0.9), summary("d", 900, 0.8));
        assertThat(KvChoice.of(all, List.of(100.0, 25.0, 6.0, 1.0)))
                .hasSize(3)
                .hasEntrySatisfying(100.0, s -> assertThat(s.recipe()).isEqualTo("c"))
                .hasEntrySatisfying(25.0, s -> assertThat(s.recipe()).isEqualTo("c"))
                .hasEntrySatisfying(6.0, s -> assertThat(s.recipe()).isEqualTo("a"));
        assertThat(KvChoice.front(all)).extracting(KvSummary::recipe).containsExactly("a", "c");
    }

    @Test
    void shouldSayOfEachPublishedEffectWhetherItIsThere() {
        String asks = "keys=f16 values=f16 evict=prompt-window(budget=128,recent=32,sinks=4)";
        String random = "keys=f16 values=f16 evict=random(budget=128,recent=32,sinks=4)";
        String few = "keys=q4_0 values=q4_0";
        List<KvRow> rows = List.of(
                row(asks, 25, "needle", "single", 0.9, 1, 250),
                row(asks, 25, "needle", "turn-2", 0.2, 1, 250),
                row(random, 25, "needle", "single", 0.3, 1, 250),
                row(random, 25, "needle", "turn-2", 0.3, 1, 250),
                row(few, 50, "needle", "single", 1, 1, 280),
                row(few, 50, "needle", "turn-2", 0.9, 1, 280));
        List<KvEffects> effects = KvEffects.of(KvSummary.of(rows));
        assertThat(effects)
                .contains(new KvEffects(
                        "what forgets by the question loses 20 points and more (row 34)",
                        asks,
                        "70 points lost from turn 1 to turn 2",
                        true))
                .contains(new KvEffects(
                        "fewer bits lose 3 points at most (row 34)",
                        few,
                        "10 points lost from turn 1 to turn 2",
                        false))
                .contains(new KvEffects(
                        "beats random where it is best", asks, "needle (single): 0.900 beside 0.300", true))
                .hasSize(3);
    }

    /** Channels of a size each, of which one stands out and keeps its sign. */
    private static KvKeys keys(float outlier) {
        Random random = new Random(3);
        float[] head = new float[128 * 64];
        for (int i = 0; i < head.length; i++) head[i] = (float) random.nextGaussian();
        for (int t = 0; t < 128; t++) head[t * 64 + 5] += outlier;
        return new KvKeys(128, 64, new float[][] {head}, new float[][] {head});
    }

    @Test
    void shouldTellWhatCodecsMakeOfKeysThatStandOut() {
        KvKeys even = keys(0);
        assertThat(even.largest()).isBetween(1.0, 1.5);
        assertThat(keys(50).largest()).isGreaterThan(20);
        assertThat(even.error("f32", even)).isZero();
        assertThat(even.scoreError("f32")).isZero();
        assertThat(even.scoreError("per-token(bits=2)")).isBetween(0.01, 0.5);
        assertThat(even.error("per-token(bits=4)", even)).isLessThan(even.error("per-token(bits=2)", even));
        assertThat(keys(50).error("per-channel(bits=2)", keys(50)))
                .as("what all have in common costs nothing")
                .isLessThan(keys(50).error("per-token(bits=2)", keys(50)) / 4);
        assertThat(even.withLarge(5, 16).error("per-channel(bits=4)", even))
                .as("in its own measure a channel is coded as before")
                .isCloseTo(even.error("per-channel(bits=4)", even), within(1e-4));
        assertThat(KvEffects.of(even)).extracting(KvEffects::isShown).contains(true);
        assertThat(KvEffects.of(even).getLast().isShown()).isTrue();
    }

    @Test
    void shouldReadJoulesWhereTheyAreTold(@TempDir Path powercap) throws IOException {
        assertThat(new Energy(powercap.resolve("none")).isTold()).isFalse();
        assertThat(new Energy(powercap).since(new long[0])).isNaN();
        Path zone = Files.createDirectory(powercap.resolve("intel-rapl:0"));
        Files.createDirectory(powercap.resolve("intel-rapl:0:0")); // a part of it
        Files.writeString(zone.resolve("energy_uj"), "5000000\n");
        Files.writeString(zone.resolve("max_energy_range_uj"), "9000000\n");
        Energy energy = new Energy(powercap);
        long[] then = energy.now();
        Files.writeString(zone.resolve("energy_uj"), "7500000\n");
        assertThat(energy.since(then)).isEqualTo(2.5);
        Files.writeString(zone.resolve("energy_uj"), "1000000\n");
        assertThat(energy.since(then)).as("it began anew").isEqualTo(5);
    }
}
