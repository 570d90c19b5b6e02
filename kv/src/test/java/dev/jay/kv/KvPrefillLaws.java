// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.prefill.KvPrefill;
import dev.jay.kv.prefill.KvPrefills;
import dev.jay.kv.prefill.PromptBlock;
import dev.jay.kv.prefill.Stretches;
import dev.jay.kv.select.KvSelection;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Whatever a prompt's queries read: they attend to it and to nothing else, and what it is depends on positions, queries and
 * keys alone. For every member of the catalog, over every codec whose rows lie by themselves.
 */
class KvPrefillLaws {
    private static final long SEED = 228;
    private static final int[] LENGTHS = {640, 1, 560}; // prompts end at 384, 1, 336
    private static final List<String> CODECS = KvCodecs.byRow();
    private static final String PARAMETERS = "every=128,recent=0";

    private interface Law {
        void check(AttentionTrial trial, KvRecipe recipe);
    }

    private static void forAll(Law law) {
        int i = 0;
        for (String name : List.of("window(sinks=1,window=30,", "patterns(gamma=0.6,", "patterns(gamma=0.6,tau=1,")) {
            String keys = CODECS.get(i++ % CODECS.size());
            String values = CODECS.get(i % CODECS.size());
            KvRecipe recipe =
                    KvRecipe.parse("keys=" + keys + " values=" + values + " prefill=" + name + PARAMETERS + ")");
            law.check(new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS), recipe);
        }
        for (String name : KvPrefills.ALL.names()) {
            KvRecipe recipe = KvRecipe.parse(
                    "keys=f16 values=bf16 prefill=" + name + "(" + PARAMETERS + ") select=best-pages(budget=192)");
            law.check(new AttentionTrial(SEED, recipe, Mask.CAUSAL, 320, 448), recipe);
        }
    }

    @Test
    void shouldAttendToWhatIsRead() {
        forAll((trial, recipe) -> {
            if (recipe.selection().isPresent()) return; // what an answer reads is another law's
            float[][] got = trial.run(2, Steps.whole(LENGTHS));
            for (int s = 0; s < LENGTHS.length; s++) {
                Definition definition = new Definition(trial, recipe, s);
                float[] wanted = definition.run();
                assertThat(AttentionTrial.worst(got[s], wanted))
                        .as(recipe + " sequence=" + s)
                        .isLessThan(2e-5);
                assertThat(definition.left > 0).isEqualTo(s != 1);
            }
        });
    }

    @Test
    void shouldNotDependOnChunkingOrCompanyOrThreads() {
        forAll((trial, _) -> trial.checkStepsDoNotMatter(SEED, List.of(1, 3)));
    }

    @Test
    void shouldBeTheSameBitsAsWithoutWhereAllIsRead() {
        for (Numerics numerics : Numerics.values()) {
            String kept = "keys=f16 values=q8_0";
            float[][] wanted = new AttentionTrial(SEED, KvRecipe.parse(kept), Mask.CAUSAL, LENGTHS)
                    .run(numerics, 2, Steps.whole(LENGTHS));
            KvRecipe recipe = KvRecipe.parse(kept + " prefill=patterns(gamma=1,every=128)");
            assertThat(new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS).run(numerics, 2, Steps.whole(LENGTHS)))
                    .isDeepEqualTo(wanted);
        }
    }

    @Test
    void shouldCoverTheAttentionThatWasAskedFor() {
        for (double gamma : new double[] {0.3, 0.6, 0.9}) {
            for (String tau : List.of("0", "0.1", "1")) {
                KvRecipe recipe = KvRecipe.parse(
                        "keys=f16 values=f16 prefill=patterns(gamma=" + gamma + ",tau=" + tau + "," + PARAMETERS + ")");
                Definition definition =
                        new Definition(new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS), recipe, 0);
                definition.run();
                assertThat(definition.covered / definition.rows)
                        .as("gamma=" + gamma + " tau=" + tau)
                        .isGreaterThanOrEqualTo(gamma - 0.03);
                if (gamma < 0.5) assertThat(definition.left).isPositive();
            }
        }
    }

    /** In fast numerics what is read may differ where two units are as good as each other. */
    @Test
    void shouldBeNearTheDefinitionInFast() {
        KvRecipe recipe = KvRecipe.parse("keys=f16 values=f16 prefill=window(sinks=1,window=30," + PARAMETERS + ")");
        AttentionTrial trial = new AttentionTrial(SEED, recipe, Mask.CAUSAL, LENGTHS);
        float[][] got = trial.run(Numerics.FAST, 2, Steps.whole(LENGTHS));
        for (int s = 0; s < LENGTHS.length; s++) {
            assertThat(AttentionTrial.worst(got[s], new Definition(trial, recipe, s).run()))
                    .isLessThan(0.1);
        }
    }

    /** Plain loops in double precision over the slots of the units that are read. */
    private static final class Definition {
        private static final int KW = AttentionTrial.STREAM.keyWidth();
        private static final int VW = AttentionTrial.STREAM.valueWidth();
        private static final int HEADS = AttentionTrial.STREAM.heads();
        private static final int UNIT = KvSelection.UNIT;

        private final AttentionTrial trial;
        private final KvPrefill prefill;
        private final WeightFormat format;
        private final int s;
        private final float[] keys;
        private final float[] values;
        private final int end;
        double covered; // of those that do not read everything
        int rows;
        int left; // units that were not read

        Definition(AttentionTrial trial, KvRecipe recipe, int s) {
            this.trial = trial;
            this.prefill = recipe.prefill().orElseThrow();
            this.format = UnitSummaries.format(recipe);
            this.s = s;
            this.keys = AttentionTrial.coded(recipe.keys(), false, trial.keys[s], KW);
            this.values = AttentionTrial.coded(recipe.values(), false, trial.values[s], VW);
            this.end = prefill.stretches().end(trial.promptEnd(s));
        }

        float[] run() {
            int tokens = trial.tokens(s);
            float[] out = new float[tokens * AttentionTrial.QUERY_HEADS * VW];
            for (int h = 0; h < HEADS; h++) {
                boolean[] reads = null;
                for (int t = 0; t < tokens; t++) {
                    if (t % KvPrefill.BLOCK == 0) reads = reads(t, h);
                    for (int g = 0; g < AttentionTrial.GROUP; g++) attend(t, h, g, reads, out);
                }
            }
            return out;
        }

        /** Of the block that begins at t; null: everything. */
        private boolean[] reads(int t, int h) {
            Stretches stretches = prefill.stretches();
            if (t >= end || stretches.isWhole(t)) return null;
            int stretch = t / stretches.every() * stretches.every();
            int first = stretch / UNIT;
            float[] spent = new float[first + KvPrefill.BLOCK / UNIT];
            double[] sums = new double[spent.length];
            for (int q = stretch; q < stretch + KvPrefill.BLOCK; q += 4) {
                for (int g = 0; g < AttentionTrial.GROUP; g++) {
                    double[] w = weights(q, h, g);
                    for (int p = 0; p <= q; p++) sums[p / UNIT] += w[p];
                }
            }
            for (int u = 0; u < spent.length; u++) {
                spent[u] = (float) (sums[u] / (KvPrefill.BLOCK / 4 * AttentionTrial.GROUP));
            }
            float[] estimated = shares(stretch, h, spent.length);
            float[] now = shares(t - KvPrefill.BLOCK, h, t / UNIT);
            boolean[] reads = new boolean[first];
            prefill.choose(new Block(first, t / UNIT, spent, estimated, now), reads);
            for (boolean read : reads) if (!read) left++;
            return reads;
        }

        private record Block(int count, int own, float[] spent, float[] estimated, float[] now)
                implements PromptBlock {}

        /** By the mean of the queries of the block at t and the mean keys of units. */
        private float[] shares(int t, int h, int units) {
            double[] mean = new double[units];
            for (int g = 0; g < AttentionTrial.GROUP; g++) {
                double[] scores = new double[units];
                double sum = 0;
                for (int u = 0; u < units; u++) {
                    float[] key = meanKey(u, h);
                    for (int c = 0; c < KW; c++) {
                        double query = 0;
                        for (int q = t; q < t + KvPrefill.BLOCK; q++) query += query(q, h, g, c) / KvPrefill.BLOCK;
                        scores[u] += query * key[c];
                    }
                    scores[u] = Math.exp(scores[u] * AttentionTrial.SCALE);
                    sum += scores[u];
                }
                for (int u = 0; u < units; u++) mean[u] += scores[u] / sum / AttentionTrial.GROUP;
            }
            float[] shares = new float[units];
            for (int u = 0; u < units; u++) shares[u] = (float) mean[u];
            return shares;
        }

        private float[] meanKey(int unit, int h) {
            float[] mean = new float[KW];
            for (int p = unit * UNIT; p < (unit + 1) * UNIT; p++) {
                for (int c = 0; c < KW; c++) mean[c] += keys[(p * HEADS + h) * KW + c] / UNIT;
            }
            MemorySegment plain = MemorySegment.ofArray(mean);
            MemorySegment code = MemorySegment.ofArray(new byte[(int) format.bytesFor(KW)]);
            format.encode(plain, 0, KW, code, 0);
            format.decode(code, 0, KW, plain, 0);
            return mean;
        }

        private float query(int t, int h, int g, int c) {
            return trial.queries[s][(t * AttentionTrial.QUERY_HEADS + h * AttentionTrial.GROUP + g) * KW + c];
        }

        /** Of full attention. */
        private double[] weights(int t, int h, int g) {
            double[] w = new double[t + 1];
            double sum = 0;
            for (int p = 0; p <= t; p++) {
                double dot = 0;
                for (int c = 0; c < KW; c++) dot += (double) query(t, h, g, c) * keys[(p * HEADS + h) * KW + c];
                w[p] = Math.exp(dot * AttentionTrial.SCALE);
                sum += w[p];
            }
            for (int p = 0; p <= t; p++) w[p] /= sum;
            return w;
        }

        private void attend(int t, int h, int g, boolean[] reads, float[] out) {
            double[] w = weights(t, h, g);
            double seen = 0;
            for (int p = 0; p <= t; p++) {
                if (reads != null && p / UNIT < reads.length && !reads[p / UNIT]) w[p] = 0;
                seen += w[p];
            }
            int row = t * AttentionTrial.QUERY_HEADS + h * AttentionTrial.GROUP + g;
            for (int c = 0; c < VW; c++) {
                double mixed = 0;
                for (int p = 0; p <= t; p++) mixed += w[p] / seen * values[(p * HEADS + h) * VW + c];
                out[row * VW + c] = (float) mixed;
            }
            if (reads == null) return;
            covered += seen;
            rows++;
        }
    }
}
