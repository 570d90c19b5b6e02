// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.sample.Sampling;
import dev.jay.engine.schedule.PrefixOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What the global order of a batch saves, in pages that hold a few of its prefixes only. */
class BatchOrderTest {
    private static final int PREFIXES = 20;
    private static final int MEMBERS = 20;

    private static List<int[]> prompts() {
        SplittableRandom random = new SplittableRandom(3);
        List<int[]> all = new ArrayList<>();
        for (int p = 0; p < PREFIXES; p++) {
            int[] prefix = random.ints(32, 2, HashForward.FAILS).toArray();
            prefix[0] = 2 + p;
            for (int m = 0; m < MEMBERS; m++) {
                int[] prompt = java.util.Arrays.copyOf(prefix, 40);
                for (int i = 32; i < 40; i++) prompt[i] = 2 + random.nextInt(50);
                prompt[32] = 2 + m; // each has an end of its own
                all.add(prompt);
            }
        }
        Collections.shuffle(all, new Random(1));
        return all;
    }

    /** Tokens that had to be run, the answers' first ones left out. */
    private static long prefill(String policy, List<int[]> prompts, int[] order) {
        try (EngineRig rig = new EngineRig(policy, 32, 64)) {
            List<Answer> answers = new ArrayList<>();
            for (int place : order) {
                answers.add(new Answer());
                rig.engine.submit(
                        Request.of(prompts.get(place))
                                .withSampling(Sampling.GREEDY)
                                .withIgnoreEos(true)
                                .withMaxTokens(8),
                        answers.getLast());
            }
            rig.drain();
            assertThat(answers).allMatch(a -> a.ids().size() == 8);
            EngineStatus status = rig.engine.status();
            assertThat(status.promptTokens() + status.reusedTokens()).isEqualTo(40L * PREFIXES * MEMBERS);
            return status.promptTokens();
        }
    }

    @Test
    void whatIsSharedIsComputedOnceAlthoughFewPrefixesFit() {
        List<int[]> prompts = prompts();
        int[] asTheyCome = new int[prompts.size()];
        int[] answers = new int[prompts.size()];
        for (int i = 0; i < asTheyCome.length; i++) {
            asTheyCome[i] = i;
            answers[i] = 8;
        }
        long unique = PrefixOrder.uniqueTokens(prompts);
        assertThat(prefill("in-order", prompts, PrefixOrder.of(prompts, answers)))
                .isEqualTo(unique);
        assertThat(prefill("first-come", prompts, asTheyCome)).isGreaterThan(2 * unique);
    }
}
