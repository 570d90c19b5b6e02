// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.KeptTokens.Kept;
import dev.jay.kv.KeptTokens.Parting;
import dev.jay.kv.KeptTokens.Slot;
import dev.jay.kv.KeptTokens.Slots;
import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.evict.KvSpreads;
import dev.jay.kv.merge.KvMerge;
import dev.jay.kv.merge.KvMerges;
import dev.jay.tensor.Steps;
import dev.jay.tensor.kernel.Numerics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Whatever is forgotten: a query attends to what is left and to nothing else, a head keeps no more than its budget, and an
 * answer depends on positions alone. For every member of the catalog, forgetting while the prompt runs and at its end.
 */
class KvEvictionLaws {
    private static final long SEED = 157;
    private static final int[] LENGTHS = {130, 1, 75};
    private static final List<String> CODECS = KvCodecs.byRow();
    private static final String PARAMETERS = "(budget=24,sinks=2,recent=5,every=";

    private interface Law {
        void check(AttentionTrial trial, KvRecipe recipe);
    }

    private static void forAll(Law law) {
        int i = 0;
        for (String name : KvEvictions.ALL.names()) {
            for (int every : List.of(0, 32, 1)) {
                String codec = CODECS.get(i++ % CODECS.size());
                check(law, "keys=" + codec + " values=" + codec + " evict=" + name + PARAMETERS + every + ")");
            }
        }
        for (String merge : KvMerges.ALL.names()) {
            for (int every : List.of(0, 32, 1, 16)) {
                String codec = CODECS.get(i++ % CODECS.size());
                String evict = i % 2 == 0 ? " evict=heavy-hitter" : " evict=window";
                String how = PARAMETERS + every + ") merge=" + merge + (every == 16 ? "(counts=1)" : "");
                check(law, "keys=" + codec + " values=" + codec + evict + how);
            }
        }
        for (String name : KvEvictions.ALL.names()) {
            if (KvEvictions.ALL.make(name).keepsTheSame()) continue;
            for (String parameters : List.of("0,whole=1)", "32,whole=0)", "1,whole=none)")) {
                String codec = CODECS.get(i++ % CODECS.size());
                String merge = i % 3 == 0 && !KvEvictions.ALL.make(name).gathers() ? " merge=nearest(counts=1)" : "";
                check(law, "keys=" + codec + " values=" + codec + " evict=" + name + PARAMETERS + parameters + merge);
            }
        }
        for (String name : KvEvictions.ALL.names()) {
            KvEviction member = KvEvictions.ALL.make(name + PARAMETERS + "16)");
            if (!member.wantsCalibration()) continue;
            for (KvCalibration.Layer layer : measured(3).layers()) {
                check(
                        law,
                        "keys=f16 values=f16 evict=" + member.calibrated(layer).name());
            }
        }
    }

    /** Heads of one KV head, of both, and all. */
    private static KvCalibration measured(int layers) {
        List<List<Integer>> heads = List.of(List.of(4), List.of(0, 2, 5), List.of(5, 4, 3, 2, 1, 0));
        return new KvCalibration(
                IntStream.range(0, layers)
                        .mapToObj(l -> new KvCalibration.Layer(heads.get(l % 3), 0.1 + l % 5))
                        .toList(),
                IntStream.range(0, 2 * layers)
                        .mapToObj(i -> new KvCalibration.KvHead(layers - 1 - i / 2, i % 2))
                        .toList());
    }

    private static void check(Law law, String text) {
        KvRecipe recipe = KvRecipe.parse(text);
        law.check(new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS), recipe);
    }

    @Test
    void namesSayEverything() {
        forAll((_, recipe) -> {
            String name = recipe.eviction().orElseThrow().name();
            assertThat(KvEvictions.ALL.make(name).name()).isEqualTo(name);
            assertThat(name).contains("budget=24,");
            recipe.merge()
                    .ifPresent(
                            m -> assertThat(KvMerges.ALL.make(m.name()).name()).isEqualTo(m.name()));
            List<KvRecipe> each = recipe.each(3, measured(3));
            if (!recipe.wantsCalibration()) assertThat(each).containsOnly(recipe);
            for (KvRecipe one : each) {
                assertThat(one.wantsCalibration()).isFalse();
                assertThat(KvRecipe.parse(one.toString())).isEqualTo(one);
            }
        });
    }

    @Test
    void spreadsShareOutWhatThereIs() {
        for (String spread : KvSpreads.ALL.names()) {
            for (int layers : List.of(1, 2, 7, 32)) {
                for (int recent : List.of(1, 40, 96)) { // kept in any case, beside 4 sinks
                    checkSpread(spread, layers, recent);
                }
            }
        }
    }

    private static void checkSpread(String spread, int layers, int recent) {
        KvRecipe recipe = KvRecipe.parse("keys=f16 values=f16 evict=window(budget=100,every=16,sinks=4,recent=" + recent
                + ") merge=nearest spread=" + spread);
        List<KvRecipe> each = recipe.each(layers, measured(layers));
        int sum = 0;
        for (KvRecipe one : each) {
            KvEviction eviction = one.eviction().orElseThrow();
            assertThat(eviction.budget().every()).isEqualTo(16);
            assertThat(one.merge().orElseThrow().name()).isEqualTo("nearest");
            assertThat(eviction.budget().tokens()).isGreaterThanOrEqualTo(4 + recent);
            sum += eviction.budget().tokens();
        }
        assertThat(each).as(spread).hasSize(layers);
        assertThat(sum).as(spread + " over " + layers + ", recent=" + recent).isEqualTo(100 * layers);
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
        List<Kept> kept = new ArrayList<>();
        for (int h = 0; h < heads; h++) kept.add(new Kept());
        for (int t = 0; t < tokens; t++) {
            int end = nextEnd(eviction, trial.promptEnd(s), t);
            for (int h = 0; h < heads; h++) {
                List<Slot> slots = kept.get(h).slots;
                int at = t * heads + h;
                slots.add(new Slot(
                        t,
                        Arrays.copyOfRange(keys, at * kw, at * kw + kw),
                        Arrays.copyOfRange(values, at * vw, at * vw + vw)));
                double[] spent = new double[slots.size()];
                for (int g = 0; g < AttentionTrial.GROUP; g++) {
                    int head = h * AttentionTrial.GROUP + g;
                    int row = t * AttentionTrial.QUERY_HEADS + head;
                    double[] w = weights(trial.queries[s], row * kw, slots, recipe.counts());
                    for (int i = 0; i < w.length; i++) {
                        if (eviction.looksAt(head)) spent[i] += w[i] / AttentionTrial.GROUP;
                        for (int c = 0; c < vw; c++) out[row * vw + c] += (float) (w[i] * slots.get(i).value[c]);
                    }
                }
                float[] weights = new float[spent.length];
                for (int i = 0; i < spent.length; i++) weights[i] = (float) spent[i];
                boolean watched = end != Integer.MAX_VALUE && t >= (long) end - eviction.watches();
                if (watched) eviction.see(new Slots(slots, t + 1, trial.promptEnd(s)), t, weights);
            }
            List<Kept> forgetting = IntStream.range(0, heads)
                    .filter(h -> !eviction.budget().keepsAll(h))
                    .mapToObj(kept::get)
                    .toList();
            if (t + 1 == end
                    && forgetting.getFirst().slots.size() > eviction.budget().tokens())
                forget(recipe, forgetting, t + 1, trial.promptEnd(s));
            for (Kept of : forgetting) {
                assertThat(of.slots.size())
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

    private static double[] weights(float[] queries, int at, List<Slot> slots, boolean counts) {
        double[] w = new double[slots.size()];
        double sum = 0;
        for (int i = 0; i < w.length; i++) {
            float[] key = slots.get(i).key;
            double dot = 0;
            for (int c = 0; c < key.length; c++) dot += (double) queries[at + c] * key[c];
            w[i] = Math.exp(dot * AttentionTrial.SCALE) * (counts ? 1 + slots.get(i).merged : 1);
            sum += w[i];
        }
        for (int i = 0; i < w.length; i++) w[i] /= sum;
        return w;
    }

    private static void forget(KvRecipe recipe, List<Kept> heads, int tokens, int promptEnd) {
        KvEviction eviction = recipe.eviction().orElseThrow();
        List<float[]> ranked = new ArrayList<>();
        List<int[]> into = new ArrayList<>();
        float[] sums = new float[heads.getFirst().slots.size()];
        for (Kept head : heads) {
            float[] importance = new float[sums.length];
            into.add(IntStream.range(0, sums.length).toArray());
            eviction.gather(new Slots(head.slots, tokens, promptEnd), importance, into.getLast());
            for (int i = 0; i < sums.length; i++) sums[i] += importance[i];
            ranked.add(importance);
        }
        for (int h = 0; h < heads.size(); h++) {
            forget(recipe, heads.get(h), tokens, eviction.keepsTheSame() ? sums : ranked.get(h), into.get(h));
        }
    }

    private static void forget(KvRecipe recipe, Kept kept, int tokens, float[] importance, int[] gathered) {
        KvEviction eviction = recipe.eviction().orElseThrow();
        List<Slot> slots = kept.slots;
        eviction.budget().protect(new Slots(slots, tokens, 0), importance);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < importance.length; i++) order.add(i);
        order.sort(Comparator.<Integer>comparingDouble(i -> -importance[i]).thenComparing(Comparator.reverseOrder()));
        List<Integer> best = new ArrayList<>(order.subList(0, eviction.budget().tokens()));
        best.sort(Comparator.naturalOrder());
        List<Integer> rest = new ArrayList<>(order.subList(best.size(), order.size()));
        rest.sort(Comparator.naturalOrder());
        recipe.merge().ifPresent(m -> merge(m, recipe, kept, best, rest));
        if (eviction.gathers()) mix(recipe, kept, best, rest, target(gathered, best, rest), null);
        List<Slot> left = new ArrayList<>();
        for (int i : best) left.add(slots.get(i));
        slots.clear();
        slots.addAll(left);
    }

    private static void merge(KvMerge merge, KvRecipe recipe, Kept kept, List<Integer> best, List<Integer> rest) {
        int[] into = new int[rest.size()];
        float[] weights = new float[rest.size()];
        merge.match(new Parting(kept, ints(best), ints(rest)), into, weights);
        mix(recipe, kept, best, rest, into, weights);
    }

    /** Where a slot comes to in the end, as an index of what is kept. */
    private static int[] target(int[] gathered, List<Integer> best, List<Integer> rest) {
        int[] to = ints(rest);
        for (int i = 0; i < to.length; i++) while (!best.contains(to[i])) to[i] = gathered[to[i]];
        return IntStream.of(to).map(best::indexOf).toArray();
    }

    /** @param weights null: each as much as it weighs */
    private static void mix(
            KvRecipe recipe, Kept kept, List<Integer> best, List<Integer> rest, int[] into, float[] weights) {
        for (int k = 0; k < best.size(); k++) {
            Slot slot = kept.slots.get(best.get(k));
            double[] key = new double[slot.key.length];
            double[] value = new double[slot.value.length];
            double sum = add(slot, 1 + slot.merged, key, value);
            boolean any = false;
            for (int i = 0; i < into.length; i++) {
                if (into[i] != k || (weights != null && !(weights[i] > 0))) continue;
                Slot gone = kept.slots.get(rest.get(i));
                float its = recipe.counts() ? 1 + gone.merged : 1;
                sum += add(gone, weights == null ? its : weights[i] * its, key, value);
                any = true;
            }
            if (!any) continue;
            slot.key = mean(recipe.keys(), key, sum);
            slot.value = mean(recipe.values(), value, sum);
            slot.merged = (float) (sum - 1);
        }
    }

    private static int[] ints(List<Integer> some) {
        return some.stream().mapToInt(i -> i).toArray();
    }

    private static double add(Slot slot, float weight, double[] key, double[] value) {
        for (int c = 0; c < key.length; c++) key[c] += (double) weight * slot.key[c];
        for (int c = 0; c < value.length; c++) value[c] += (double) weight * slot.value[c];
        return weight;
    }

    private static float[] mean(KvCodec codec, double[] sums, double weight) {
        float[] row = new float[AttentionTrial.STREAM.heads() * sums.length];
        for (int c = 0; c < row.length; c++) row[c] = (float) (sums[c % sums.length] / weight);
        return Arrays.copyOf(AttentionTrial.coded(codec, false, row, sums.length), sums.length);
    }
}
