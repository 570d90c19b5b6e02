// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What each merge does to keys and values that are made up: where tokens go, and what that is good for. */
class MergesTest {
    private static final int WIDTH = 48;

    private static final class Head implements KvParting {
        final float[][] keys;
        final int[] kept;
        final int[] forgotten;
        float note = Float.NaN;

        Head(float[][] keys, int[] kept) {
            this.keys = keys;
            this.kept = kept;
            this.forgotten = IntStream.range(0, keys.length)
                    .filter(s -> Arrays.binarySearch(kept, s) < 0)
                    .toArray();
        }

        @Override
        public int[] kept() {
            return kept;
        }

        @Override
        public int[] forgotten() {
            return forgotten;
        }

        @Override
        public int position(int slot) {
            return 3 * slot;
        }

        @Override
        public int width() {
            return WIDTH;
        }

        @Override
        public void key(int slot, float[] into, int at) {
            System.arraycopy(keys[slot], 0, into, at, WIDTH);
        }

        @Override
        public float note() {
            return note;
        }

        @Override
        public void note(float value) {
            note = value;
        }
    }

    private static float[][] gaussian(Random random, int count) {
        float[][] rows = new float[count][WIDTH];
        for (float[] row : rows) for (int c = 0; c < WIDTH; c++) row[c] = (float) random.nextGaussian();
        return rows;
    }

    private static double cosine(float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int c = 0; c < WIDTH; c++) {
            dot += (double) a[c] * b[c];
            aa += (double) a[c] * a[c];
            bb += (double) b[c] * b[c];
        }
        return aa == 0 || bb == 0 ? 0 : dot / Math.sqrt(aa * bb);
    }

    @Test
    void similarGoesWhereTheCosineIsLargestIfItIsAsLargeAsUsual() {
        Random random = new Random(204);
        KvMerge merge = KvMerges.ALL.make("similar(ema=0.25)");
        Head head = new Head(
                gaussian(random, 300),
                random.ints(0, 300).distinct().limit(133).sorted().toArray());
        head.keys[head.forgotten[7]] = new float[WIDTH];
        double usual = Double.NaN;
        for (int place = 0; place < 3; place++) {
            int[] into = new int[head.forgotten.length];
            float[] weights = new float[into.length];
            merge.match(head, into, weights);
            double[] most = new double[into.length];
            for (int i = 0; i < into.length; i++) {
                float[] key = head.keys[head.forgotten[i]];
                most[i] = IntStream.of(head.kept)
                        .mapToDouble(k -> cosine(key, head.keys[k]))
                        .max()
                        .orElseThrow();
                assertThat(cosine(key, head.keys[head.kept[into[i]]])).isCloseTo(most[i], within(1e-6));
            }
            double mean = Arrays.stream(most).average().orElseThrow();
            usual = Double.isNaN(usual) ? mean : 0.75 * usual + 0.25 * mean;
            assertThat(head.note).isCloseTo((float) usual, within(1e-6f));
            for (int i = 0; i < into.length; i++) {
                if (Math.abs(most[i] - usual) < 1e-6) continue;
                assertThat(weights[i]).isCloseTo(most[i] > usual ? (float) most[i] : 0, within(1e-6f));
            }
            for (float[] key : head.keys) key[0] += 3; // keys that are more alike
        }
    }

    @Test
    void nearestGoesToTheNeighbour() {
        Head head = new Head(new float[9][WIDTH], new int[] {1, 5, 8});
        int[] into = new int[6];
        float[] weights = new float[6];
        KvMerges.ALL.make("nearest").match(head, into, weights);
        assertThat(head.forgotten).containsExactly(0, 2, 3, 4, 6, 7);
        assertThat(into).containsExactly(0, 0, 0, 1, 1, 2);
        assertThat(weights).containsOnly(1);
    }

    @Test
    void pivotIsTheMeanOfItselfAndOfTheMiddles() {
        Random random = new Random(212);
        Head head = new Head(gaussian(random, 40), new int[] {3, 20});
        int[] into = new int[38];
        float[] weights = new float[38];
        KvMerges.ALL.make("pivot").match(head, into, weights);
        for (int k = 0; k < 2; k++) {
            float own = head.keys[head.kept[k]][0];
            double mixed = own;
            double weight = 1;
            double middles = own;
            int count = 1;
            for (int i = 0; i < into.length; i++) {
                if (into[i] != k) continue;
                float its = head.keys[head.forgotten[i]][0];
                mixed += weights[i] * its;
                weight += weights[i];
                middles += (own + its) / 2;
                count++;
            }
            assertThat(mixed / weight).isCloseTo(middles / count, within(1e-6));
        }
    }

    @Test
    void parametersThatCannotBeAreRefused() {
        assertThatThrownBy(() -> KvMerges.ALL.make("similar(ema=0)")).hasMessageContaining("ema=0.0, allowed");
        assertThatThrownBy(() -> KvMerges.ALL.make("mean")).hasMessageContaining("known=[similar, nearest, pivot]");
    }
}
