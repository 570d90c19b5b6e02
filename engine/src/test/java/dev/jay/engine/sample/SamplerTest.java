// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Examples worked out by hand. */
class SamplerTest {
    private static final float LN2 = (float) Math.log(2);

    private static int[] left(Sampling sampling, float... logits) {
        Candidates c = new Candidates(logits.length);
        c.load(MemorySegment.ofArray(logits));
        for (String name : SamplingSteps.ALL.names()) {
            SamplingStep step = SamplingSteps.ALL.make(name);
            if (step.applies(sampling)) step.apply(sampling, c, new int[0], 0);
        }
        return c.left();
    }

    private static int sample(Sampling sampling, float... logits) {
        return new Sampler(sampling, 1, new Candidates(logits.length))
                .sample(MemorySegment.ofArray(logits), new int[0], 0);
    }

    private static float[] after(Sampling sampling, int[] history, float... logits) {
        Candidates c = new Candidates(logits.length);
        c.load(MemorySegment.ofArray(logits));
        new Penalties().apply(sampling, c, history, history.length);
        assertThat(c.counts).containsOnly(0);
        return c.logits;
    }

    @Test
    void greedyTakesTheLowestOfEquals() {
        assertThat(sample(Sampling.GREEDY, 1, 3, 2, 3)).isEqualTo(1);
    }

    @Test
    void greedyWithoutStepsTakesWhatItTakesAfterThem() {
        Sampling stepped = Sampling.GREEDY.withLogitBias(Map.of(0, 0f)); // changes nothing, but is a step
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            float[] logits = new float[1 + random.nextInt(40)];
            for (int t = 0; t < logits.length; t++) {
                int v = random.nextInt(7) - 5;
                logits[t] = v == -5 ? Float.NEGATIVE_INFINITY : v == 0 && random.nextBoolean() ? -0f : v;
            }
            logits[random.nextInt(logits.length)] = -4;
            assertThat(sample(Sampling.GREEDY, logits)).isEqualTo(sample(stepped, logits));
        }
        assertThatThrownBy(() -> sample(Sampling.GREEDY, Float.NEGATIVE_INFINITY))
                .hasMessageContaining("every logit is -infinity");
    }

    @Test
    void topKKeepsTheLikeliestAndTheLowestOfEquals() {
        assertThat(left(Sampling.PLAIN.withTopK(3), 1, 5, 2, 2, 4)).containsExactly(1, 4, 2);
        assertThat(left(Sampling.PLAIN.withTopK(9), 1, 5)).containsExactlyInAnyOrder(0, 1);
    }

    @Test
    void topPKeepsTheTokenThatCrosses() {
        // probabilities 1/2, 1/4, 1/8, 1/8
        float[] logits = {0, 3 * LN2, 2 * LN2, LN2, LN2};
        logits[0] = Float.NEGATIVE_INFINITY;
        assertThat(left(Sampling.PLAIN.withTopP(0.45), logits)).containsExactly(1);
        assertThat(left(Sampling.PLAIN.withTopP(0.6), logits)).containsExactly(1, 2);
        assertThat(left(Sampling.PLAIN.withTopP(0.8), logits)).containsExactly(1, 2, 3);
        assertThat(left(Sampling.PLAIN.withTopP(0), logits)).containsExactly(1);
    }

    @Test
    void minPIsRelativeToTheLikeliest() {
        float[] logits = {3 * LN2, 2 * LN2, LN2, 0}; // 1, 1/2, 1/4, 1/8 of the likeliest
        assertThat(left(Sampling.PLAIN.withMinP(0.3), logits)).containsExactly(0, 1);
        assertThat(left(Sampling.PLAIN.withMinP(0.2), logits)).containsExactly(0, 1, 2);
        assertThat(left(Sampling.PLAIN.withMinP(1), logits)).containsExactly(0);
    }

    @Test
    void temperatureComesBeforeTheCuts() {
        float[] logits = {2 * LN2, 0}; // 4 : 1; at temperature 2, 2 : 1
        assertThat(left(Sampling.PLAIN.withTopP(0.7), logits)).containsExactly(0);
        assertThat(left(Sampling.PLAIN.withTemperature(2).withTopP(0.7), logits))
                .containsExactly(0, 1);
    }

    @Test
    void repetitionDividesWhatIsPositiveAndMultipliesWhatIsNot() {
        assertThat(after(Sampling.GREEDY.withRepetitionPenalty(2), new int[] {0, 1, 1}, 4, -3, 5))
                .containsExactly(2, -6, 5);
    }

    @Test
    void frequencyCountsAndPresenceDoesNot() {
        assertThat(after(Sampling.GREEDY.withFrequencyPenalty(0.5), new int[] {0, 1, 1}, 4, 3, 5))
                .containsExactly(3.5f, 2, 5);
        assertThat(after(Sampling.GREEDY.withPresencePenalty(0.5), new int[] {0, 1, 1}, 4, 3, 5))
                .containsExactly(3.5f, 2.5f, 5);
    }

    @Test
    void penaltiesSeeTheWindowOnly() {
        Sampling s = Sampling.GREEDY.withPresencePenalty(1);
        assertThat(after(s.withPenaltyWindow(1), new int[] {0, 1}, 4, 4)).containsExactly(4, 3);
        assertThat(after(s.withPenaltyWindow(-1), new int[] {0, 1}, 4, 4)).containsExactly(3, 3);
        assertThat(s.withPenaltyWindow(0).hasPenalties()).isFalse();
    }

    @Test
    void biasCanForceAndForbid() {
        assertThat(sample(Sampling.GREEDY.withLogitBias(Map.of(2, 100f)), 1, 3, 2))
                .isEqualTo(2);
        assertThat(sample(Sampling.GREEDY.withLogitBias(Map.of(1, Float.NEGATIVE_INFINITY)), 1, 3, 2))
                .isEqualTo(2);
    }

    @Test
    void anExtremeTemperatureIsStillADistribution() {
        assertThat(sample(Sampling.PLAIN.withTemperature(1e-300), 1e30f, 3e38f, -3e38f))
                .isEqualTo(1);
        assertThat(sample(Sampling.PLAIN.withTemperature(100), -3e38f, 3e38f)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void shouldRejectWhenALogitIsNotANumber(float broken) {
        for (Sampling s : new Sampling[] {Sampling.GREEDY, Sampling.DEFAULT, Sampling.PLAIN}) {
            assertThatThrownBy(() -> sample(s, 1, broken, 2))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("token=1, logit=" + broken);
        }
    }

    @Test
    void shouldRejectWhenNoTokenIsAllowed() {
        float none = Float.NEGATIVE_INFINITY;
        for (Sampling s :
                new Sampling[] {Sampling.GREEDY, Sampling.DEFAULT, Sampling.PLAIN, Sampling.PLAIN.withMinP(0.5)}) {
            assertThatThrownBy(() -> sample(s, none, none)).hasMessageContaining("no token is allowed");
        }
    }

    @Test
    void shouldRejectWhenAFieldIsOutOfRange() {
        assertThatThrownBy(() -> Sampling.PLAIN.withTemperature(-1))
                .hasMessage("sampling: temperature=-1.0, allowed: from 0 to 100");
        assertThatThrownBy(() -> Sampling.PLAIN.withTopP(Double.NaN)).hasMessageContaining("topP=NaN");
        assertThatThrownBy(() -> Sampling.PLAIN.withTopK(-1)).hasMessageContaining("topK=-1");
        assertThatThrownBy(() -> Sampling.PLAIN.withMinP(1.5)).hasMessageContaining("minP=1.5");
        assertThatThrownBy(() -> Sampling.PLAIN.withRepetitionPenalty(0)).hasMessageContaining("repetitionPenalty=0.0");
        assertThatThrownBy(() -> Sampling.PLAIN.withPenaltyWindow(-2)).hasMessageContaining("penaltyWindow=-2");
        assertThatThrownBy(() -> Sampling.PLAIN.withLogitBias(Map.of(3, Float.NaN)))
                .hasMessageContaining("token 3=NaN");
        assertThatThrownBy(() -> sample(Sampling.PLAIN.withLogitBias(Map.of(2, 1f)), 0, 0))
                .hasMessage("sampling: logitBias token=2, allowed: 0 to 1");
    }

    @Test
    void logSoftmaxIsOfTheRowAsGiven() {
        MemorySegment row = MemorySegment.ofArray(new float[] {3 * LN2, 2 * LN2, LN2, LN2, Float.NEGATIVE_INFINITY});
        double all = LogSoftmax.logSumExp(row, 5);
        assertThat(Math.exp(3 * LN2 - all)).isCloseTo(0.5, within(1e-6));
        assertThat(LogSoftmax.best(row, 5, 3)).containsExactly(0, 1, 2);
        assertThat(LogSoftmax.best(row, 5, 20)).containsExactly(0, 1, 2, 3, 4);
        assertThat(LogSoftmax.best(row, 5, 0)).isEmpty();
    }
}
