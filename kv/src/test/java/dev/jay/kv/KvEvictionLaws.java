// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.evict.KvSlots;
import dev.jay.kv.evict.KvSpreads;
import dev.jay.tensor.Steps;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Whatever is forgotten: a query attends to what is left and to nothing else, a head keeps no more than its budget, and an
 * answer depends on positions alone. For every member of the catalog, forgetting while the prompt runs and at its end.
 */
class KvEvictionLaws {
    private static final long SEED = 157;
    private static final int[] LENGTHS = {130, 1, 75};
    private static final List<String> CODECS = List.of("f32", "f16", "q8_0", "bf16");
    private static final String PARAMETERS = "(budget=24,sinks=2,recent=5,every=";

    private interface Law {
        void check(AttentionTrial trial, KvRecipe recipe);
    }

    private static void forAll(Law law) {
        int i = 0;
        for (String name : KvEvictions.ALL.names()) {
            for (int every : List.of(0, 32, 1)) {
                String codec = CODECS.get(i++ % CODECS.size());
                String text = "keys=" + codec + " values=" + codec + " evict=" + name + PARAMETERS + every + ")";
                KvRecipe recipe = KvRecipe.parse(text);
                law.check(new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS), recipe);
            }
        }
    }

    @Test
    void namesSayEverything() {
        forAll((_, recipe) -> {
            String name = recipe.eviction().orElseThrow().name();
            assertThat(KvEvictions.ALL.make(name).name()).isEqualTo(name);
            assertThat(name).contains("budget=24,");
        });
    }

    @Test
    void spreadsShareOutWhatThereIs() {
        for (String spread : KvSpreads.ALL.names()) {
            for (int layers : List.of(1, 2, 7, 32)) {
                KvRecipe recipe =
                        KvRecipe.parse("keys=f16 values=f16 evict=window(budget=100,every=16) spread=" + spread);
                List<KvRecipe> each = recipe.each(layers);
                int sum = 0;
                for (KvRecipe one : each) {
                    KvEviction eviction = one.eviction().orElseThrow();
                    assertThat(eviction.budget().every()).isEqualTo(16);
                    sum += eviction.budget().tokens();
                }
                assertThat(each).as(spread).hasSize(layers);
                assertThat(sum).as(spread + " over " + layers).isEqualTo(100 * layers);
            }
        }
    }

    @Test
    void shouldAttendToWhatIsLeft() {
        forAll((trial, recipe) -> {
            float[][] got = trial.run(2, Steps.whole(LENGTHS));
            for (int s = 0; s < LENGTHS.length; s++) {
                float[] wanted = definition(trial, recipe, s);
                assertThat(AttentionTrial.worst(got[s], wanted))
                        .as(recipe + " sequence=" + s)
                        .isLessThan(2e-5);
            }
        });
    }

    @Test
    void shouldNotDependOnChunkingOrCompanyOrThreads() {
        forAll((trial, _) -> trial.checkStepsDoNotMatter(SEED, List.of(1, 3)));
    }

    /** A score near another may order them otherwise; a query that loses a token for it is far off, so most must be near. */
    @Test
    void shouldBeNearTheDefinitionInFast() {
        forAll((trial, recipe) -> {
            float[][] got = trial.run(Numerics.FAST, 2, Steps.whole(LENGTHS));
            for (int s = 0; s < LENGTHS.length; s++) {
                float[] wanted = definition(trial, recipe, s);
                int near = 0;
                for (int i = 0; i < wanted.length; i++) if (Math.abs(got[s][i] - wanted[i]) < 0.05) near++;
                assertThat(near).as(recipe + " sequence=" + s).isGreaterThan((int) (0.9 * wanted.length));
            }
        });
    }

    /** One token of one head. */
    private static final class Slot {
        final int position;
        final float[] states = new float[2];

        Slot(int position) {
            this.position = position;
        }
    }

    private record Slots(List<Slot> of, int tokens) implements KvSlots {
        @Override
        public int count() {
            return of.size();
        }

        @Override
        public int position(int slot) {
            return of.get(slot).position;
        }

        @Override
        public float state(int slot, int i) {
            return of.get(slot).states[i];
        }

        @Override
        public void state(int slot, int i, float value) {
            of.get(slot).states[i] = value;
        }
    }

    /** Plain loops in double precision: lists of slots, from which those that matter least are taken. */
    private static float[] definition(AttentionTrial trial, KvRecipe recipe, int s) {
        KvEviction eviction = recipe.eviction().orElseThrow();
        int kw = AttentionTrial.STREAM.keyWidth();
        int vw = AttentionTrial.STREAM.valueWidth();
        int heads = AttentionTrial.STREAM.heads();
        float[] keys = AttentionTrial.coded(recipe.keys(), false, trial.keys[s], kw);
        float[] values = AttentionTrial.coded(recipe.values(), false, trial.values[s], vw);
        int tokens = trial.tokens(s);
        float[] out = new float[tokens * AttentionTrial.QUERY_HEADS * vw];
        List<List<Slot>> kept = new ArrayList<>();
        for (int h = 0; h < heads; h++) kept.add(new ArrayList<>());
        for (int t = 0; t < tokens; t++) {
            int end = nextEnd(eviction, trial.promptEnd(s), t);
            for (int h = 0; h < heads; h++) {
                List<Slot> slots = kept.get(h);
                slots.add(new Slot(t));
                float[] weights = new float[slots.size()];
                for (int g = 0; g < AttentionTrial.GROUP; g++) {
                    int head = h * AttentionTrial.GROUP + g;
                    int row = t * AttentionTrial.QUERY_HEADS + head;
                    double[] w = weights(trial.queries[s], row * kw, keys, slots, h);
                    for (int i = 0; i < w.length; i++) {
                        weights[i] += (float) (w[i] / AttentionTrial.GROUP);
                        int from = (slots.get(i).position * heads + h) * vw;
                        for (int c = 0; c < vw; c++) out[row * vw + c] += (float) (w[i] * values[from + c]);
                    }
                }
                boolean watched = end != Integer.MAX_VALUE && t >= (long) end - eviction.watches();
                if (watched) eviction.see(new Slots(slots, t + 1), t, weights);
                if (t + 1 == end && slots.size() > eviction.budget().tokens()) forget(eviction, slots, t + 1);
                assertThat(slots.size())
                        .isLessThanOrEqualTo(
                                eviction.budget().every() == 0
                                        ? t + 1
                                        : eviction.budget().tokens()
                                                + eviction.budget().every());
            }
        }
        return out;
    }

    private static int nextEnd(KvEviction eviction, int promptEnd, int position) {
        int every = eviction.budget().every();
        int next = promptEnd > position ? promptEnd : Integer.MAX_VALUE;
        return every == 0 ? next : Math.min(next, (position / every + 1) * every);
    }

    private static double[] weights(float[] queries, int at, float[] keys, List<Slot> slots, int head) {
        int kw = AttentionTrial.STREAM.keyWidth();
        double[] w = new double[slots.size()];
        double sum = 0;
        for (int i = 0; i < w.length; i++) {
            int from = (slots.get(i).position * AttentionTrial.STREAM.heads() + head) * kw;
            double dot = 0;
            for (int c = 0; c < kw; c++) dot += (double) queries[at + c] * keys[from + c];
            w[i] = Math.exp(dot * AttentionTrial.SCALE);
            sum += w[i];
        }
        for (int i = 0; i < w.length; i++) w[i] /= sum;
        return w;
    }

    private static void forget(KvEviction eviction, List<Slot> slots, int tokens) {
        float[] importance = new float[slots.size()];
        eviction.rank(new Slots(slots, tokens), importance);
        eviction.budget().protect(new Slots(slots, tokens), importance);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < importance.length; i++) order.add(i);
        order.sort(Comparator.<Integer>comparingDouble(i -> -importance[i]).thenComparing(Comparator.reverseOrder()));
        List<Integer> best = new ArrayList<>(order.subList(0, eviction.budget().tokens()));
        best.sort(Comparator.naturalOrder());
        List<Slot> left = new ArrayList<>();
        for (int i : best) left.add(slots.get(i));
        slots.clear();
        slots.addAll(left);
    }
}
