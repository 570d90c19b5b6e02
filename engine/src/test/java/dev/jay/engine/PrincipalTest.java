// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.jay.kv.codec.KvBasis;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrincipalTest {
    private static final int WIDTH = 13;

    /** Along (1, 1, 0, ...), (1, -1, 0, ...) and the channels behind, by 3, 2, 1, 1/2, ... around 5. */
    private static KvBasis measured(int most, int rows) {
        Principal principal = new Principal(WIDTH);
        Random random = new Random(1);
        for (int t = 0; t < rows; t++) {
            float[] row = new float[WIDTH];
            double a = 3 * random.nextGaussian() / Math.sqrt(2);
            double b = 2 * random.nextGaussian() / Math.sqrt(2);
            row[0] = (float) (5 + a + b);
            row[1] = (float) (5 + a - b);
            for (int c = 2; c < WIDTH; c++) row[c] = (float) (5 + Math.pow(2, 2 - c) * random.nextGaussian());
            principal.add(row);
        }
        return principal.basis(most);
    }

    @Test
    void shouldFindWhereRowsLieAndByHowMuch() {
        KvBasis basis = measured(4, 20_000);
        assertThat(basis.rank()).isEqualTo(4);
        for (float mean : basis.mean()) assertThat(mean).isCloseTo(5, within(0.1f));
        double[] deviations = {3, 2, 1, 0.5};
        for (int r = 0; r < 4; r++) {
            assertThat(Math.sqrt(basis.variances()[r])).isCloseTo(deviations[r], within(0.03 * deviations[r]));
        }
        double root = Math.sqrt(0.5);
        float[] v = basis.vectors();
        assertThat(Math.abs(v[0] + v[1])).isCloseTo((float) (2 * root), within(0.01f));
        assertThat(Math.abs(v[WIDTH] - v[WIDTH + 1])).isCloseTo((float) (2 * root), within(0.01f));
        assertThat(Math.abs(v[2 * WIDTH + 2])).isCloseTo(1, within(0.01f));
    }

    @Test
    void shouldGiveDirectionsAtRightAngles() {
        for (int rows : new int[] {1, 3, 1000}) { // fewer rows than directions, too
            float[] v = measured(WIDTH, rows).vectors();
            for (int r = 0; r < WIDTH; r++) {
                for (int q = 0; q <= r; q++) {
                    double dot = 0;
                    for (int c = 0; c < WIDTH; c++) dot += (double) v[r * WIDTH + c] * v[q * WIDTH + c];
                    assertThat(dot).isCloseTo(r == q ? 1 : 0, within(1e-5));
                }
            }
        }
        assertThatThrownBy(() -> new Principal(2).basis(1)).hasMessageContaining("no rows");
    }
}
