// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What each eviction is good for, on attention that is made up: most of a query's weight lies on the tokens just before
 * it, some on few that are asked for. An answer is right if the token that is asked for is still there.
 */
class EvictionEffectsTest {
    private static final int TOKENS = 1024;
    private static final int PROMPT = 256;
    private static final int HALF = TOKENS / 2;
    private static final int NEAR = 8; // tokens that a query looks at in any case

    /** Who is asked for, and when. */
    private interface Asked {
        /** The position whose token query {@code t} looks for; -1: none. */
        int at(int t);
    }

    private static final class Held implements KvSlots {
        final List<Integer> positions = new ArrayList<>();
        final List<float[]> states = new ArrayList<>();
        int tokens;

        @Override
        public int count() {
            return positions.size();
        }

        @Override
        public int position(int slot) {
            return positions.get(slot);
        }

        @Override
        public int tokens() {
            return tokens;
        }

        @Override
        public int promptEnd() {
            return PROMPT;
        }

        @Override
        public float state(int slot, int i) {
            return states.get(slot)[i];
        }

        @Override
        public void state(int slot, int i, float value) {
            states.get(slot)[i] = value;
        }
    }

    /** The share of right answers in the second half; forgets at multiples of {@code every} and where the prompt ends. */
    private static double recall(String recipe, Asked asked, float spentOnAsked, long seed) {
        KvEviction eviction = KvEvictions.ALL.make(recipe);
        Random random = new Random(seed);
        float[] pull = new float[TOKENS]; // some tokens draw more from those right after them
        for (int i = 0; i < TOKENS; i++) pull[i] = (float) Math.exp(random.nextGaussian());
        Held held = new Held();
        int right = 0;
        int all = 0;
        for (int t = 0; t < TOKENS; t++) {
            held.tokens = t + 1;
            held.positions.add(t);
            held.states.add(new float[2]);
            int wanted = asked.at(t);
            int slot = held.positions.indexOf(wanted);
            if (wanted >= 0 && t >= HALF) {
                all++;
                if (slot >= 0) right++;
            }
            boolean watched = t >= nextPlace(eviction, t) - (long) eviction.watches();
            if (watched) eviction.see(held, t, weights(held, pull, slot, spentOnAsked));
            if (nextPlace(eviction, t) == t + 1
                    && held.count() > eviction.budget().tokens()) forget(eviction, held);
        }
        assertThat(held.count())
                .as(recipe)
                .isLessThanOrEqualTo(
                        eviction.budget().every() == 0
                                ? TOKENS
                                : eviction.budget().tokens() + eviction.budget().every());
        return (double) right / all;
    }

    private static int nextPlace(KvEviction eviction, int t) {
        int next = t < PROMPT ? PROMPT : Integer.MAX_VALUE;
        return eviction.budget().every() == 0
                ? next
                : Math.min(
                        next,
                        (t / eviction.budget().every() + 1) * eviction.budget().every());
    }

    private static float[] weights(Held held, float[] pull, int asked, float spentOnAsked) {
        float[] weights = new float[held.count()];
        float sum = 0;
        for (int s = 0; s < weights.length; s++) {
            int position = held.positions.get(s);
            weights[s] = held.tokens - position <= NEAR ? pull[position] : 1e-4f;
            sum += weights[s];
        }
        float rest = asked >= 0 ? 1 - spentOnAsked : 1;
        for (int s = 0; s < weights.length; s++) weights[s] *= rest / sum;
        if (asked >= 0) weights[asked] += spentOnAsked;
        return weights;
    }

    private static void forget(KvEviction eviction, Held held) {
        float[] importance = new float[held.count()];
        eviction.rank(held, importance);
        eviction.budget().protect(held, importance);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < importance.length; i++) order.add(i);
        order.sort(Comparator.comparingDouble(i -> importance[i]));
        List<Integer> gone = new ArrayList<>(
                order.subList(0, held.count() - eviction.budget().tokens()));
        gone.sort(Comparator.reverseOrder());
        for (int slot : gone) {
            held.positions.remove(slot);
            held.states.remove(slot);
        }
    }

    /** 40 tokens of the prompt, each looked at again every 80 queries, lightly. */
    private static int everyEighty(int t) {
        return t % 2 == 0 ? t / 2 % 40 * 6 : -1;
    }

    /** LazyEviction's row: what comes back after a pause is kept by who remembers the pause. */
    @Test
    void whatRecursIsKeptByItsPauses() {
        double lazy = recall("recurring(budget=" + HALF + ",every=64)", EvictionEffectsTest::everyEighty, 0.02f, 1);
        assertThat(lazy).isGreaterThanOrEqualTo(0.95);
        for (String other : List.of("heavy-hitter", "window", "random")) {
            double its = recall(other + "(budget=" + HALF + ",every=64)", EvictionEffectsTest::everyEighty, 0.02f, 1);
            assertThat(its).as(other).isLessThanOrEqualTo(lazy - 0.15);
        }
    }

    /** Few tokens that every query spends on, from the beginning on. */
    @Test
    void whatIsAlwaysLookedAtIsKeptBySums() {
        Asked few = t -> t % 16 * 15;
        for (String name : List.of("heavy-hitter", "gumbel-keys", "recurring")) {
            double its = recall(name + "(budget=128,every=32,recent=32)", few, 0.2f, 2);
            assertThat(its).as(name).isGreaterThan(0.9);
        }
        for (String name : List.of("random", "window")) {
            assertThat(recall(name + "(budget=128,every=32,recent=32)", few, 0.2f, 2))
                    .as(name)
                    .isLessThan(0.5);
        }
    }

    /** What a prompt's last queries ask for is kept for the answer; what only an answer asks for is not. */
    @Test
    void whatTheQuestionLooksAtIsKeptForItsAnswerAndForNoOther() {
        String recipe = "prompt-window(budget=64,window=16,recent=16)";
        Asked question = t -> t < PROMPT - 16 ? -1 : 10 + t % 12;
        Asked another = t -> t < PROMPT - 16 ? -1 : (t < PROMPT ? 10 : 110) + t % 12;
        assertThat(recall(recipe, question, 0.5f, 3)).isEqualTo(1);
        assertThat(recall("random(budget=64,every=0)", question, 0.5f, 3)).isLessThan(0.6);
        assertThat(recall(recipe, another, 0.5f, 3)).isLessThan(0.8);
    }

    /** Elastic Cache's row: an answer, however long, does not push out what the prompt looked at. */
    @Test
    void whatAPromptLookedAtOutlastsItsAnswer() {
        Asked late = t -> t < PROMPT || t > TOKENS - 100 ? t % 16 * 15 : -1; // and not for a long time between
        String anchors = "anchors(budget=128,every=32,recent=32)";
        assertThat(recall(anchors, late, 0.2f, 5)).isGreaterThan(0.9);
        for (String other : List.of("window", "random")) {
            assertThat(recall(other + "(budget=128,every=32,recent=32)", late, 0.2f, 5))
                    .as(other)
                    .isLessThan(0.7);
        }
    }

    @Test
    void whatIsNearIsKeptByTheWindow() {
        Asked near = t -> t - 60;
        assertThat(recall("window(budget=128,every=32)", near, 0.5f, 4)).isEqualTo(1);
        assertThat(recall("random(budget=128,every=32,recent=8)", near, 0.5f, 4))
                .isLessThan(0.9);
    }
}
