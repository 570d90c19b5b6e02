// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.memory.Memory;
import dev.jay.train.block.Batch;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenDataTest {
    private static TokenData counting(int tokens, Memory memory) {
        return TokenData.of(
                List.of(
                        IntStream.range(0, 10).toArray(),
                        IntStream.range(10, tokens).toArray()),
                memory);
    }

    @Test
    void everyWindowShouldComeOnceAnEpochInAnOrderOfItsOwn() {
        try (Memory memory = Memory.withBudget(1 << 20);
                TokenData data = counting(8 * 25 + 3, memory)) {
            assertThat(data.windows(8)).isEqualTo(25);
            Set<String> orders = new HashSet<>();
            for (int epoch = 0; epoch < 3; epoch++) {
                Set<Integer> starts = new HashSet<>();
                StringBuilder order = new StringBuilder();
                for (int i = 0; i < 5; i++) {
                    Batch batch = data.batch(7, epoch * 5L + i, 5, 8);
                    for (int s = 0; s < 5; s++) {
                        int from = batch.tokens()[8 * s];
                        starts.add(from);
                        order.append(from).append(' ');
                        for (int j = 0; j < 8; j++) {
                            assertThat(batch.tokens()[8 * s + j]).isEqualTo(from + j);
                            assertThat(batch.targets()[8 * s + j]).isEqualTo(from + j + 1);
                        }
                    }
                }
                assertThat(starts).hasSize(25);
                orders.add(order.toString());
            }
            assertThat(orders).hasSize(3);
            assertThat(data.batch(7, 3, 5, 8).tokens())
                    .isEqualTo(data.batch(7, 3, 5, 8).tokens());
            assertThat(data.batch(8, 3, 5, 8).tokens())
                    .isNotEqualTo(data.batch(7, 3, 5, 8).tokens());
            assertThat(memory.byPurpose()).containsEntry("train-data", 4L * (8 * 25 + 3));
        }
    }

    @Test
    void permutationsShouldBePermutations() {
        for (long count : new long[] {1, 2, 3, 4, 5, 16, 17, 1000}) {
            for (long key = 0; key < 5; key++) {
                Set<Long> seen = new HashSet<>();
                for (long i = 0; i < count; i++) {
                    long to = TokenData.permuted(i, count, key);
                    assertThat(to).isBetween(0L, count - 1);
                    seen.add(to);
                }
                assertThat(seen).hasSize((int) count);
            }
        }
    }

    @Test
    void shouldRejectTooLittle() {
        try (Memory memory = Memory.withBudget(1 << 20);
                TokenData data = counting(20, memory)) {
            assertThatThrownBy(() -> data.batch(1, 0, 1, 20))
                    .hasMessageContaining("tokens=20, wanted more than a sequence of 20");
            assertThatThrownBy(() -> TokenData.of(List.of(new int[1]), memory)).hasMessageContaining("tokens=1");
        }
    }
}
