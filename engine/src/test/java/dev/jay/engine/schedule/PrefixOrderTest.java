// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PrefixOrderTest {
    @Test
    void whoeverSharesABeginningComesTogether() {
        SplittableRandom random = new SplittableRandom(11);
        for (int round = 0; round < 300; round++) {
            List<int[]> prompts = new ArrayList<>();
            int[] answers = new int[random.nextInt(40)];
            for (int i = 0; i < answers.length; i++) {
                prompts.add(random.ints(random.nextInt(8), 0, 3).toArray());
                answers[i] = random.nextInt(50);
            }
            int[] order = PrefixOrder.of(prompts, answers);
            assertThat(Arrays.stream(order).sorted().toArray())
                    .isEqualTo(
                            java.util.stream.IntStream.range(0, answers.length).toArray());
            Set<List<Integer>> left = new HashSet<>();
            Set<List<Integer>> open = new HashSet<>();
            for (int place : order) {
                Set<List<Integer>> now = beginnings(prompts.get(place));
                for (List<Integer> each : open) if (!now.contains(each)) left.add(each);
                for (List<Integer> each : now)
                    assertThat(left).as("what was left comes again").doesNotContain(each);
                open = now;
            }
        }
    }

    private static Set<List<Integer>> beginnings(int[] prompt) {
        Set<List<Integer>> all = new HashSet<>();
        for (int n = 1; n <= prompt.length; n++) {
            all.add(Arrays.stream(prompt, 0, n).boxed().toList());
        }
        return all;
    }

    @Test
    void mostDecodingForItsPrefillGoesFirst() {
        List<int[]> prompts = List.of(
                new int[] {1, 1, 1, 1}, new int[] {2, 2}, new int[] {1, 1, 1, 5}, new int[] {3}, new int[] {1, 1});
        assertThat(PrefixOrder.of(prompts, 4, 20, 40, 1, 0)).containsExactly(1, 2, 0, 4, 3);
    }

    @Test
    void uniqueTokensAreThoseOfTheTrie() {
        assertThat(PrefixOrder.uniqueTokens(
                        List.of(new int[] {1, 2, 3}, new int[] {1, 2, 4}, new int[] {1, 2}, new int[] {5})))
                .isEqualTo(5);
        assertThat(PrefixOrder.uniqueTokens(List.of())).isZero();
    }

    @Test
    void promptsMayNestAsDeepAsTheyAreLong() {
        List<int[]> prompts = new ArrayList<>();
        for (int n = 0; n < 3000; n++) prompts.add(new int[n]);
        assertThat(PrefixOrder.of(prompts, new int[3000])).hasSize(3000);
    }
}
