// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.evict.KvSlots;
import dev.jay.tensor.Steps;
import dev.jay.tensor.kernel.Numerics;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What gathering tokens by their keys does to attention. */
class ClustersTest {
    private static final int TOKENS = 200;
    private static final int KINDS = 7;

    /** The works_when of row 101: a cluster of tokens that are the same is as they were, in both modes. */
    @Test
    void tokensThatAreTheSameMayBeOne() {
        String rows = "keys=f32 values=f32";
        String clusters = " evict=clusters(budget=40,sinks=2,recent=5,chunk=32,every=";
        KvRecipe full = KvRecipe.parse(rows);
        for (int every : List.of(0, 16)) {
            KvRecipe few = KvRecipe.parse(rows + clusters + every + ")");
            for (Numerics numerics : Numerics.values()) {
                float[][] wanted = alike(full).run(numerics, 2, Steps.whole(TOKENS));
                float[][] got = alike(few).run(numerics, 2, Steps.whole(TOKENS));
                assertThat(AttentionTrial.worst(got[0], wanted[0]))
                        .as(numerics + " every=" + every)
                        .isLessThan(1e-5);
            }
            String once = rows + " evict=window(budget=40,sinks=2,recent=5,every=" + every + ") merge=nearest";
            float[][] wanted = alike(full).run(2, Steps.whole(TOKENS));
            float[][] blind = alike(KvRecipe.parse(once)).run(2, Steps.whole(TOKENS));
            assertThat(AttentionTrial.worst(blind[0], wanted[0])).isGreaterThan(0.05); // the test would see it
        }
    }

    /** Few kinds of tokens, in no order. */
    private static AttentionTrial alike(KvRecipe recipe) {
        AttentionTrial trial = new AttentionTrial(101, recipe, Mask.CAUSAL, TOKENS);
        Random random = new Random(101);
        int key = trial.keys[0].length / TOKENS;
        int value = trial.values[0].length / TOKENS;
        for (int t = KINDS; t < TOKENS; t++) {
            int kind = random.nextInt(KINDS);
            System.arraycopy(trial.keys[0], kind * key, trial.keys[0], t * key, key);
            System.arraycopy(trial.values[0], kind * value, trial.values[0], t * value, value);
        }
        return trial;
    }

    private record Held(float[][] keys) implements KvSlots {
        @Override
        public int count() {
            return keys.length;
        }

        @Override
        public int position(int slot) {
            return slot;
        }

        @Override
        public int tokens() {
            return keys.length;
        }

        @Override
        public int promptEnd() {
            return 0;
        }

        @Override
        public int width() {
            return keys[0].length;
        }

        @Override
        public void key(int slot, float[] into, int at) {
            System.arraycopy(keys[slot], 0, into, at, keys[slot].length);
        }

        @Override
        public float state(int slot, int i) {
            throw new IllegalStateException();
        }

        @Override
        public void state(int slot, int i, float value) {
            throw new IllegalStateException();
        }
    }

    /** Every slot ends in a kept one of its chunk's neighbourhood, the first and last stay, and so many are kept. */
    @Test
    void everySlotEndsInOneThatIsKept() {
        Random random = new Random(7);
        for (int count : List.of(1, 9, 40, 333)) {
            float[][] keys = new float[count][12];
            for (float[] key : keys) for (int c = 0; c < 12; c++) key[c] = (float) random.nextGaussian();
            if (count > 20) Arrays.fill(keys[17], 0);
            for (int budget : new int[] {8, 9, 30}) {
                float[] importance = new float[count];
                int[] into = IntStream.range(0, count).toArray();
                KvEvictions.ALL
                        .make("clusters(budget=" + budget + ",sinks=3,recent=4,chunk=16)")
                        .gather(new Held(keys), importance, into);
                long kept = IntStream.range(0, count).filter(s -> into[s] == s).count();
                assertThat(kept).isEqualTo(Math.min(count, Math.max(budget, 8)));
                for (int s = 0; s < count; s++) {
                    int to = s;
                    for (int steps = 0; into[to] != to; steps++) {
                        assertThat(steps).isLessThan(count);
                        to = into[to];
                    }
                    if (s < 3 || s >= count - 4) assertThat(to).isEqualTo(s);
                    assertThat(importance[s] == Float.MAX_VALUE).isEqualTo(to == s);
                }
            }
        }
    }

    @Test
    void whatCannotBeIsRefused() {
        for (String wrong : List.of("chunk=1", "share=0", "share=0.6", "budget=10")) {
            assertThatThrownBy(() -> KvEvictions.ALL.make("clusters(" + wrong + ")"))
                    .hasMessageContaining("allowed: ");
        }
        assertThatThrownBy(() -> KvRecipe.parse("evict=clusters merge=nearest"))
                .hasMessageContaining("says itself what tokens are merged into");
    }
}
