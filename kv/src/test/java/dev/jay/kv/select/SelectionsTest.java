// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SelectionsTest {
    private static final int WIDTH = 32;
    private static final int UNIT = KvSelection.UNIT;
    private static final Random RANDOM = new Random(224);

    private static float[] gaussian(int count) {
        float[] v = new float[count];
        for (int i = 0; i < count; i++) v[i] = (float) RANDOM.nextGaussian();
        return v;
    }

    private static double product(float[] a, int i, float[] b, int j, int width) {
        double sum = 0;
        for (int c = 0; c < width; c++) sum += (double) a[i + c] * b[j + c];
        return sum;
    }

    @Test
    void bestPagesShouldKnowTheMostThatAKeyCanScore() {
        KvSelection selection = KvSelections.ALL.make("best-pages");
        for (int trial = 0; trial < 20; trial++) {
            float[] keys = gaussian(UNIT * WIDTH);
            float[] query = gaussian(WIDTH);
            float[] summary = new float[2 * WIDTH];
            float[] probe = new float[2 * WIDTH];
            selection.summarise(keys, WIDTH, summary);
            selection.probe(query, probe, 0);
            double bound = product(probe, 0, summary, 0, 2 * WIDTH);
            double wanted = 0;
            for (int c = 0; c < WIDTH; c++) {
                double most = Double.NEGATIVE_INFINITY;
                for (int t = 0; t < UNIT; t++) most = Math.max(most, (double) query[c] * keys[t * WIDTH + c]);
                wanted += most;
            }
            assertThat(bound).isCloseTo(wanted, within(1e-9));
            for (int t = 0; t < UNIT; t++)
                assertThat(product(query, 0, keys, t * WIDTH, WIDTH)).isLessThanOrEqualTo(bound);
        }
    }

    @Test
    void landmarksShouldBeMeansAndRememberTheKeyThatIsLeastLikeThem() {
        KvSelection selection = KvSelections.ALL.make("landmarks(chunk=8)");
        float[] keys = new float[UNIT * WIDTH];
        for (int t = 0; t < UNIT; t++) keys[t * WIDTH + t / 8] = 2;
        float[] summary = new float[4 * WIDTH];
        assertThat(selection.summarise(keys, WIDTH, summary)).isCloseTo(1, within(1e-6f));
        for (int row = 0; row < 4; row++) {
            for (int c = 0; c < WIDTH; c++) assertThat(summary[row * WIDTH + c]).isEqualTo(c == row ? 2f : 0f);
        }
        keys[5 * WIDTH] = -2; // seven of eight point elsewhere
        assertThat(selection.summarise(keys, WIDTH, summary)).isCloseTo(-1, within(1e-6f));
    }

    @Test
    void landmarksShouldReadTheUnitThatMeansDescribeWorst() {
        KvSelection selection = KvSelections.ALL.make("landmarks(budget=512,outliers=2)");
        float[] importance = new float[6];
        selection.rank(
                new Units(new float[] {.1f, .2f, .3f, .2f, .1f, .1f}, .9f, .5f, .8f, .7f, -.2f, .6f), importance);
        assertThat(importance).containsExactly(.1f, Float.POSITIVE_INFINITY, .3f, .2f, Float.POSITIVE_INFINITY, .1f);
    }

    /** One query head's shares, and notes. */
    private record Units(float[] shares, float... notes) implements KvUnits {
        @Override
        public int count() {
            return notes.length;
        }

        @Override
        public int first() {
            return 1;
        }

        @Override
        public int position() {
            return 999;
        }

        @Override
        public int queries() {
            return 1;
        }

        @Override
        public float[] shares(int query) {
            return shares;
        }

        @Override
        public float note(int unit) {
            return notes[unit];
        }
    }
}
