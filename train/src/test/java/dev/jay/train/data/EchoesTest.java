// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.train.block.Batch;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EchoesTest {
    /** Every token of a text is another; what is no echo is all sevens. */
    private static final Batches TEXT = (number, sequences, length) -> {
        int[] tokens = new int[sequences * length];
        Arrays.setAll(tokens, i -> 100 + i);
        int[] targets = Arrays.stream(tokens).map(t -> t + 1).toArray();
        return new Batch(length, tokens, targets);
    };

    private static final Batches SEVENS = (number, sequences, length) -> {
        int[] sevens = new int[sequences * length];
        Arrays.fill(sevens, 7);
        return new Batch(length, sevens, sevens);
    };

    @Test
    void shouldSayTheBeginningAgainAtDistancesOfEveryKind() {
        Batches all = Echoes.among(SEVENS, TEXT, 0.25, 3);
        Set<Integer> periods = new HashSet<>();
        int echoes = 0;
        for (int number = 0; number < 200; number++) {
            Batch batch = all.batch(number, 4, 64);
            for (int s = 0; s < 4; s++) {
                int[] tokens = Arrays.copyOfRange(batch.tokens(), 64 * s, 64 * s + 64);
                int[] targets = Arrays.copyOfRange(batch.targets(), 64 * s, 64 * s + 64);
                if (tokens[0] == 7) {
                    assertThat(tokens).containsOnly(7);
                    continue;
                }
                echoes++;
                int period = 1;
                while (tokens[period] != tokens[0]) period++;
                periods.add(period);
                for (int i = 0; i < 64; i++) {
                    assertThat(tokens[i]).isEqualTo(100 + 64 * s + i % period);
                    assertThat(targets[i]).isEqualTo(100 + 64 * s + (i + 1) % period);
                }
            }
        }
        assertThat(echoes).isBetween(150, 250);
        assertThat(periods).hasSizeGreaterThan(20).allMatch(p -> p >= 4 && p <= 32);
    }

    @Test
    void shouldFollowFromNumberSeedAndLength() {
        Batches all = Echoes.among(SEVENS, TEXT, 0.5, 3);
        assertThat(all.batch(9, 4, 64).tokens()).isEqualTo(all.batch(9, 4, 64).tokens());
        assertThat(all.batch(9, 4, 64).tokens())
                .isNotEqualTo(Echoes.among(SEVENS, TEXT, 0.5, 4).batch(9, 4, 64).tokens());
        assertThat(Echoes.among(SEVENS, TEXT, 1, 3).batch(0, 3, 2).tokens()).doesNotContain(7);
        assertThat(Echoes.among(SEVENS, TEXT, 0, 3).batch(0, 3, 64).tokens()).containsOnly(7);
    }
}
