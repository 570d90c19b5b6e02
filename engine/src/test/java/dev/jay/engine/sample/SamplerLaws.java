// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every mix of settings against definitions that sort everything, and draws against their probabilities. */
class SamplerLaws {
    private static final int VOCABULARY = 500;

    private static float[] logits(SplittableRandom random, int n) {
        float[] logits = new float[n];
        // rounded, so that equal logits occur
        for (int i = 0; i < n; i++) logits[i] = (float) (Math.round(random.nextGaussian() * 3 * 8) / 8.0);
        return logits;
    }

    private static Sampling settings(SplittableRandom random) {
        Sampling s = Sampling.PLAIN.withTemperature(0.1 + 2 * random.nextDouble());
        if (random.nextBoolean()) s = s.withTopK(1 + random.nextInt(VOCABULARY + 10));
        if (random.nextBoolean()) s = s.withTopP(random.nextDouble());
        if (random.nextBoolean()) s = s.withMinP(random.nextDouble() / 4);
        if (random.nextBoolean()) s = s.withRepetitionPenalty(0.5 + random.nextDouble());
        if (random.nextBoolean()) s = s.withFrequencyPenalty(random.nextDouble());
        if (random.nextBoolean()) s = s.withPresencePenalty(random.nextDouble());
        if (random.nextBoolean()) s = s.withLogitBias(Map.of(random.nextInt(VOCABULARY), 5f));
        return s;
    }

    /** The probabilities after every step, by full sorts in double; 0 where cut. */
    private static double[] definition(Sampling s, float[] logits, int[] history) {
        double[] x = new double[logits.length];
        int from = s.penaltyWindow() < 0 ? 0 : Math.max(0, history.length - s.penaltyWindow());
        for (int t = 0; t < x.length; t++) {
            int token = t;
            long count = Arrays.stream(history, from, history.length)
                    .filter(h -> h == token)
                    .count();
            x[t] = logits[t];
            if (count > 0) {
                x[t] = x[t] > 0 ? x[t] / s.repetitionPenalty() : x[t] * s.repetitionPenalty();
                x[t] -= count * s.frequencyPenalty() + s.presencePenalty();
            }
            x[t] = (float) x[t] + s.logitBias().getOrDefault(t, 0f);
        }
        List<Integer> order = IntStream.range(0, x.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer t) -> -x[t]).thenComparingInt(t -> t))
                .toList();
        int k = s.topK() == 0 ? x.length : Math.min(s.topK(), x.length);
        double[] p = new double[x.length];
        for (int t : order.subList(0, k)) p[t] = Math.exp((x[t] - x[order.getFirst()]) / s.temperature());
        double all = Arrays.stream(p).sum();
        double sum = 0;
        for (int t : order.subList(0, k)) {
            boolean enough = s.topP() < 1 && t != order.getFirst() && sum >= s.topP() * all;
            sum += p[t];
            if (enough) p[t] = 0;
        }
        double most = p[order.getFirst()];
        for (int t = 0; t < p.length; t++) if (p[t] < s.minP() * most) p[t] = 0;
        double kept = Arrays.stream(p).sum();
        for (int t = 0; t < p.length; t++) p[t] /= kept;
        return p;
    }

    private static double[] steps(Sampling s, float[] logits, int[] history) {
        Candidates c = new Candidates(logits.length);
        c.load(MemorySegment.ofArray(logits));
        for (String name : SamplingSteps.ALL.names()) {
            SamplingStep step = SamplingSteps.ALL.make(name);
            if (step.applies(s)) step.apply(s, c, history, history.length);
        }
        double sum = c.weigh();
        double[] p = new double[logits.length];
        for (int i = 0; i < c.size(); i++) p[c.tokens[i]] = c.weights[i] / sum;
        return p;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void stepsAgreeWithTheDefinition(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            Sampling s = settings(random);
            float[] logits = logits(random, VOCABULARY);
            int[] history = random.ints(random.nextInt(100), 0, VOCABULARY).toArray();
            double[] wanted = definition(s, logits, history);
            double[] got = steps(s, logits, history);
            double wrong = 0;
            for (int t = 0; t < wanted.length; t++) wrong += Math.abs(wanted[t] - got[t]);
            assertThat(wrong).as("seed=%d round=%d %s", seed, round, s).isLessThan(1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4, 5})
    void selectionEqualsSorting(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 200; round++) {
            int n = 1 + random.nextInt(300);
            float[] logits = logits(random, n);
            Candidates c = new Candidates(n);
            c.load(MemorySegment.ofArray(logits));
            int[] sorted = IntStream.range(0, n)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer t) -> -logits[t])
                            .thenComparingInt(t -> t))
                    .mapToInt(t -> t)
                    .toArray();
            for (int k = 1 + random.nextInt(8); k < 2 * n; k *= 3) { // growing: what top-p does
                c.sortBest(k);
                assertThat(Arrays.copyOf(c.tokens, Math.min(k, n)))
                        .as("seed=%d round=%d k=%d", seed, round, k)
                        .isEqualTo(Arrays.copyOf(sorted, Math.min(k, n)));
            }
            assertThat(LogSoftmax.best(MemorySegment.ofArray(logits), n, 20))
                    .isEqualTo(Arrays.copyOf(sorted, Math.min(20, n)));
        }
    }

    @Test
    void drawsFollowTheProbabilities() {
        float[] logits = {0, 1, 2, 3, 2, -4};
        Sampling s = Sampling.PLAIN.withTemperature(1.3).withMinP(0.05);
        double[] p = definition(s, logits, new int[0]);
        Candidates c = new Candidates(logits.length);
        MemorySegment row = MemorySegment.ofArray(logits);
        int draws = 200_000;
        int[] seen = new int[logits.length];
        for (int i = 0; i < draws; i++) { // half along places, half along seeds: both must be well mixed
            Sampler sampler = new Sampler(s, i % 2 == 0 ? 7 : i, c);
            seen[sampler.sample(row, new int[0], i % 2 == 0 ? i : 0)]++;
        }
        for (int t = 0; t < p.length; t++) {
            double sigma = Math.sqrt(p[t] * (1 - p[t]) / draws);
            assertThat((double) seen[t] / draws).as("token %d", t).isCloseTo(p[t], within(5 * sigma + 1e-12));
        }
    }

    @Test
    void aDrawDependsOnSeedAndPlaceAlone() {
        float[] logits = logits(new SplittableRandom(9), VOCABULARY);
        MemorySegment row = MemorySegment.ofArray(logits);
        Candidates shared = new Candidates(VOCABULARY);
        Sampler a = new Sampler(Sampling.PLAIN.withSeed(3), 0, shared);
        Sampler b = new Sampler(Sampling.PLAIN.withSeed(4), 0, shared);
        int[] alone =
                IntStream.range(0, 50).map(i -> a.sample(row, new int[50], i)).toArray();
        int[] other = new int[50];
        int[] mixed = new int[50];
        for (int i = 49; i >= 0; i--) { // another order, and company
            other[i] = b.sample(row, new int[50], i);
            mixed[i] = a.sample(row, new int[50], i);
        }
        assertThat(mixed).isEqualTo(alone);
        assertThat(other).isNotEqualTo(alone);
        // the next seed's draws are not this one's, one place later
        assertThat(Arrays.copyOf(other, 49)).isNotEqualTo(Arrays.copyOfRange(alone, 1, 50));
    }
}
