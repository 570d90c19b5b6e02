// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.select.KvSelection;
import dev.jay.kv.select.KvSelections;
import dev.jay.kv.select.KvUnits;
import dev.jay.kv.select.Reading;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Whatever is selected: a query attends to it and to nothing else, and what it is depends on the query, its position and
 * the keys before it alone. For every member of the catalog, over every codec whose rows lie by themselves.
 */
class KvSelectionLaws {
    private static final long SEED = 224;
    private static final int[] LENGTHS = {420, 1, 270};
    private static final List<String> CODECS = KvCodecs.byRow();
    private static final String PARAMETERS = "(budget=192,sinks=5,recent=40)";

    private interface Law {
        void check(AttentionTrial trial, KvRecipe recipe);
    }

    private static void forAll(Law law) {
        int i = 0;
        for (String name : KvSelections.ALL.names()) {
            String keys = CODECS.get(i++ % CODECS.size());
            String values = CODECS.get(i % CODECS.size()); // rows of other bytes than the keys'
            KvRecipe recipe = KvRecipe.parse("keys=" + keys + " values=" + values + " select=" + name + PARAMETERS);
            law.check(new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS), recipe);
        }
    }

    @Test
    void shouldAttendToWhatIsSelected() {
        forAll((trial, recipe) -> {
            float[][] got = trial.run(2, Steps.whole(LENGTHS));
            for (int s = 0; s < LENGTHS.length; s++) {
                float[] wanted = new Definition(trial, recipe, s).run();
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

    @Test
    void shouldBeTheSameBitsAsWithoutWhereAllIsRead() {
        String kept = "keys=f16 values=q8_0";
        float[][] wanted =
                new AttentionTrial(SEED, KvRecipe.parse(kept), Mask.CAUSAL, LENGTHS).run(2, Steps.whole(LENGTHS));
        for (String name : KvSelections.ALL.names()) {
            KvRecipe recipe = KvRecipe.parse(kept + " select=" + name + "(budget=448)");
            AttentionTrial trial = new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS);
            assertThat(trial.run(2, Steps.random(new Random(SEED), LENGTHS)))
                    .as(recipe.toString())
                    .isDeepEqualTo(wanted);
        }
    }

    /** What is chosen does not go by the numerics of attention, so all outputs are near. */
    @Test
    void shouldBeNearTheDefinitionInFast() {
        forAll((trial, recipe) -> {
            float[][] got = trial.run(Numerics.FAST, 2, Steps.whole(LENGTHS));
            for (int s = 0; s < LENGTHS.length; s++) {
                float[] wanted = new Definition(trial, recipe, s).run();
                assertThat(AttentionTrial.worst(got[s], wanted))
                        .as(recipe + " sequence=" + s)
                        .isLessThan(0.1);
            }
        });
    }

    /** Plain loops in double precision over the slots of the units that are chosen. */
    private static final class Definition {
        private static final int KW = AttentionTrial.STREAM.keyWidth();
        private static final int VW = AttentionTrial.STREAM.valueWidth();
        private static final int HEADS = AttentionTrial.STREAM.heads();

        private final AttentionTrial trial;
        private final KvSelection selection;
        private final WeightFormat format;
        private final int s;
        private final float[] keys;
        private final float[] values;

        Definition(AttentionTrial trial, KvRecipe recipe, int s) {
            this.trial = trial;
            this.selection = recipe.selection().orElseThrow();
            this.format = UnitSummaries.format(recipe);
            this.s = s;
            this.keys = AttentionTrial.coded(recipe.keys(), false, trial.keys[s], KW);
            this.values = AttentionTrial.coded(recipe.values(), false, trial.values[s], VW);
        }

        float[] run() {
            int tokens = trial.tokens(s);
            float[] out = new float[tokens * AttentionTrial.QUERY_HEADS * VW];
            for (int t = 0; t < tokens; t++) {
                for (int h = 0; h < HEADS; h++) {
                    List<Integer> slots = slots(t, h);
                    for (int g = 0; g < AttentionTrial.GROUP; g++) attend(t, h, g, slots, out);
                }
            }
            return out;
        }

        private void attend(int t, int h, int g, List<Integer> slots, float[] out) {
            int row = t * AttentionTrial.QUERY_HEADS + h * AttentionTrial.GROUP + g;
            double[] w = new double[slots.size()];
            double sum = 0;
            for (int i = 0; i < w.length; i++) {
                double dot = 0;
                for (int c = 0; c < KW; c++)
                    dot += (double) trial.queries[s][row * KW + c] * keys[(slots.get(i) * HEADS + h) * KW + c];
                w[i] = Math.exp(dot * AttentionTrial.SCALE);
                sum += w[i];
            }
            for (int c = 0; c < VW; c++) {
                double mixed = 0;
                for (int i = 0; i < w.length; i++) mixed += w[i] / sum * values[(slots.get(i) * HEADS + h) * VW + c];
                out[row * VW + c] = (float) mixed;
            }
        }

        private List<Integer> slots(int t, int h) {
            Reading reading = selection.reading();
            List<Integer> slots = new ArrayList<>();
            int own = t / KvSelection.UNIT;
            int budget = reading.tokens() / KvSelection.UNIT;
            boolean all = t < trial.promptEnd(s) || own + 1 <= budget;
            int first = (reading.sinks() + KvSelection.UNIT - 1) / KvSelection.UNIT;
            int end = Math.max(0, t + 1 - reading.recent()) / KvSelection.UNIT;
            List<Integer> best = all ? List.of() : best(t, h, first, end, budget - first - (own + 1 - end));
            for (int slot = 0; slot <= t; slot++) {
                int unit = slot / KvSelection.UNIT;
                if (all || unit < first || unit >= end || best.contains(unit)) slots.add(slot);
            }
            if (!all) assertThat(slots.size()).isLessThanOrEqualTo(reading.tokens());
            return slots;
        }

        private List<Integer> best(int t, int h, int first, int end, int count) {
            float[] importance = new float[end - first];
            selection.rank(new Units(t, h, first, end - first), importance);
            List<Integer> order = new ArrayList<>();
            for (int u = first; u < end; u++) order.add(u);
            order.sort(Comparator.<Integer>comparingDouble(u -> -importance[u - first])
                    .thenComparing(Comparator.reverseOrder()));
            return order.subList(0, count);
        }

        private final class Units implements KvUnits {
            private final int position;
            private final int first;
            private final int count;
            private final float[][] shares;
            private final float[] notes;

            Units(int position, int head, int first, int count) {
                this.position = position;
                this.first = first;
                this.count = count;
                this.shares = new float[AttentionTrial.GROUP][count];
                this.notes = new float[count];
                int width = selection.summaryWidth(KW);
                float[] summary = new float[selection.summaryRows() * width];
                double[][] scores = new double[AttentionTrial.GROUP][count];
                for (int u = 0; u < count; u++) {
                    notes[u] = selection.summarise(keysOf(first + u, head), KW, summary);
                    asKept(summary);
                    for (int g = 0; g < AttentionTrial.GROUP; g++) scores[g][u] = score(head, g, summary, width);
                }
                for (int g = 0; g < AttentionTrial.GROUP; g++) {
                    double sum = 0;
                    for (double score : scores[g]) sum += Math.exp(score * AttentionTrial.SCALE);
                    for (int u = 0; u < count; u++)
                        shares[g][u] = (float) (Math.exp(scores[g][u] * AttentionTrial.SCALE) / sum);
                }
            }

            private float[] keysOf(int unit, int head) {
                float[] of = new float[KvSelection.UNIT * KW];
                for (int t = 0; t < KvSelection.UNIT; t++) {
                    System.arraycopy(keys, ((unit * KvSelection.UNIT + t) * HEADS + head) * KW, of, t * KW, KW);
                }
                return of;
            }

            private void asKept(float[] summary) {
                MemorySegment plain = MemorySegment.ofArray(summary);
                MemorySegment code = MemorySegment.ofArray(new byte[(int) format.bytesFor(summary.length)]);
                format.encode(plain, 0, summary.length, code, 0);
                format.decode(code, 0, summary.length, plain, 0);
            }

            private double score(int head, int g, float[] summary, int width) {
                float[] query = new float[KW];
                int row = position * AttentionTrial.QUERY_HEADS + head * AttentionTrial.GROUP + g;
                System.arraycopy(trial.queries[s], row * KW, query, 0, KW);
                float[] probe = new float[width];
                selection.probe(query, probe, 0);
                double best = Double.NEGATIVE_INFINITY;
                for (int r = 0; r < selection.summaryRows(); r++) {
                    double dot = 0;
                    for (int c = 0; c < width; c++) dot += (double) probe[c] * summary[r * width + c];
                    best = Math.max(best, dot);
                }
                return best;
            }

            @Override
            public int count() {
                return count;
            }

            @Override
            public int first() {
                return first;
            }

            @Override
            public int position() {
                return position;
            }

            @Override
            public int queries() {
                return AttentionTrial.GROUP;
            }

            @Override
            public float[] shares(int query) {
                return shares[query];
            }

            @Override
            public float note(int unit) {
                return notes[unit];
            }
        }
    }
}
