// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What merging is good for, on keys that are made up: a text stays with a topic for some tokens, keys and values of a topic
 * are alike, queries look for a topic. The error of attention is measured after three in four tokens were forgotten at
 * random, with what they held merged and without.
 */
class MergeEffectsTest {
    private static final int WIDTH = 32;
    private static final int TOKENS = 512;
    private static final int KEPT = 128;
    private static final int TOPICS = 40;

    private static final class Text {
        final Random random;
        final float[][] topics = new float[TOPICS][];
        final float[][] means = new float[TOPICS][];
        final float[][] keys = new float[TOKENS][];
        final float[][] values = new float[TOKENS][];
        final int[] kept;

        /** @param stay tokens for which it stays with a topic */
        Text(long seed, int stay) {
            random = new Random(seed);
            for (int t = 0; t < TOPICS; t++) {
                topics[t] = around(new float[WIDTH], 1);
                means[t] = around(new float[WIDTH], 1);
            }
            int topic = 0;
            for (int i = 0; i < TOKENS; i++) {
                if (i % stay == 0) topic = random.nextInt(TOPICS);
                keys[i] = around(topics[topic], 0.5f);
                values[i] = around(means[topic], 0.5f);
            }
            kept = random.ints(0, TOKENS).distinct().limit(KEPT).sorted().toArray();
        }

        float[] around(float[] middle, float spread) {
            float[] row = middle.clone();
            for (int c = 0; c < WIDTH; c++) row[c] += spread * (float) random.nextGaussian();
            return row;
        }
    }

    private record Parting(Text text, int[] kept, int[] forgotten) implements KvParting {
        @Override
        public int position(int slot) {
            return slot;
        }

        @Override
        public int width() {
            return WIDTH;
        }

        @Override
        public void key(int slot, float[] into, int at) {
            System.arraycopy(text.keys[slot], 0, into, at, WIDTH);
        }

        @Override
        public float note() {
            return Float.NaN;
        }

        @Override
        public void note(float value) {}
    }

    /** What each that is kept weighs then. */
    private static float[] mix(float[][] rows, int[] kept, int[] forgotten, int[] into, float[] weights) {
        float[] sums = new float[kept.length];
        Arrays.fill(sums, 1);
        for (int i = 0; i < into.length; i++) {
            for (int c = 0; c < WIDTH; c++) rows[kept[into[i]]][c] += weights[i] * rows[forgotten[i]][c];
            sums[into[i]] += weights[i];
        }
        for (int k = 0; k < kept.length; k++) for (int c = 0; c < WIDTH; c++) rows[kept[k]][c] /= sums[k];
        return sums;
    }

    private static double[] attend(float[] query, float[][] keys, float[][] values, int[] slots, float[] counts) {
        double[] out = new double[WIDTH];
        double sum = 0;
        for (int i = 0; i < slots.length; i++) {
            int s = slots[i];
            double dot = 0;
            for (int c = 0; c < WIDTH; c++) dot += query[c] * keys[s][c];
            double w = counts[i] * Math.exp(dot / Math.sqrt(WIDTH));
            for (int c = 0; c < WIDTH; c++) out[c] += w * values[s][c];
            sum += w;
        }
        for (int c = 0; c < WIDTH; c++) out[c] /= sum;
        return out;
    }

    /** Squares of the error with a merge, over those without. */
    private static double ratio(String merge, int stay) {
        double with = 0;
        double without = 0;
        for (int seed = 0; seed < 8; seed++) {
            Text full = new Text(seed, stay);
            Text text = new Text(seed, stay);
            int[] kept = text.kept;
            int[] forgotten = IntStream.range(0, TOKENS)
                    .filter(s -> Arrays.binarySearch(kept, s) < 0)
                    .toArray();
            int[] into = new int[forgotten.length];
            float[] weights = new float[forgotten.length];
            KvMerge member = KvMerges.ALL.make(merge);
            member.match(new Parting(text, kept, forgotten), into, weights);
            float[] sums = mix(text.keys, kept, forgotten, into, weights);
            float[] counts = member.counts() ? sums : ones(KEPT);
            mix(text.values, kept, forgotten, into, weights);
            for (int q = 0; q < 100; q++) {
                float[] query = full.around(full.topics[full.random.nextInt(TOPICS)], 0.5f);
                double[] wanted = attend(
                        query,
                        full.keys,
                        full.values,
                        IntStream.range(0, TOKENS).toArray(),
                        ones(TOKENS));
                with += away(wanted, attend(query, text.keys, text.values, kept, counts));
                without += away(wanted, attend(query, full.keys, full.values, kept, ones(KEPT)));
            }
        }
        return with / without;
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static double away(double[] a, double[] b) {
        double sum = 0;
        for (int c = 0; c < WIDTH; c++) sum += (a[c] - b[c]) * (a[c] - b[c]);
        return sum;
    }

    /** D2O's row: the mean error of what attention gives is smaller with merging than without. */
    @Test
    void whatIsMergedIntoWhatIsLikeItIsNotLost() {
        for (String merge : List.of("similar", "pivot")) {
            for (int stay : List.of(1, 6, 32)) {
                double ratio = ratio(merge, stay);
                assertThat(ratio).as(merge + " stay=" + stay).isLessThan(0.9);
            }
        }
    }

    /** Row 212: still less is lost where what took others in draws attention for them. */
    @Test
    void whatTookOthersInCountsForThem() {
        for (int stay : List.of(1, 6, 32)) {
            assertThat(ratio("pivot(counts=1)", stay) / ratio("pivot", stay))
                    .as("stay=" + stay)
                    .isLessThan(0.95);
        }
        assertThat(ratio("similar(counts=1)", 6) / ratio("similar", 6)).isLessThan(0.95);
        assertThat(ratio("nearest(counts=1)", 32) / ratio("nearest", 32)).isLessThan(0.3);
    }

    /** Neighbours stand for each other where a text stays with what it is about, and only there. */
    @Test
    void whatIsMergedIntoItsNeighbourIsNotLostWhereTextGoesSlowly() {
        assertThat(ratio("nearest", 32)).isLessThan(0.9);
        assertThat(ratio("nearest", 1)).isGreaterThan(1);
    }
}
