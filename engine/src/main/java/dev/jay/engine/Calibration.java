// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.plan.Plan;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvEviction;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Measures of a model what some recipes go by: which heads of a layer look for what is asked for, and how far each layer's
 * attention is off when it keeps a quarter of a prompt (CompressKV, row 52); if wanted, which KV heads must not forget. The prompts run in exact mode, one after the
 * other, so the measures depend on the model and the prompts alone.
 */
public final class Calibration {
    private static final int WINDOW = 8; // queries before an answer that are watched, too
    private static final int KEPT = 4; // one token in so many
    private static final int TOP = 4; // heads
    private static final long HEADER = 1 << 20; // of a file, beside what is mapped

    /**
     * A fact somewhere in a text, a question about it and the answer.
     *
     * @param tokens     all of it
     * @param factFrom   where the fact begins
     * @param factTo     where it ends
     * @param answerFrom where the answer begins
     */
    public record Prompt(int[] tokens, int factFrom, int factTo, int answerFrom) {
        public Prompt {
            if (factFrom < 0 || factTo <= factFrom || answerFrom < factTo + WINDOW || tokens.length <= answerFrom) {
                throw new IllegalArgumentException("calibration prompt: tokens=" + tokens.length + ", fact=[" + factFrom
                        + ", " + factTo + "), answer from " + answerFrom
                        + ", wanted in this order, the answer at least "
                        + WINDOW + " tokens behind the fact");
            }
        }

        int watchedFrom() {
            return answerFrom - WINDOW;
        }
    }

    private final BoundModel bound;
    private final TransformerForward forward;
    private final List<Prompt> prompts;
    private final double[][] found; // [layer][query head]: the share of attention that went to the fact
    private final double[] wrong; // by layer: squares of what attention was off
    private final double[] right; // and of what it should be

    private Calibration(BoundModel bound, TransformerForward forward, List<Prompt> prompts) {
        int layers = bound.spec().kvShape().streams().size();
        this.bound = bound;
        this.forward = forward;
        this.prompts = prompts;
        this.found = new double[layers][bound.spec().heads()];
        this.wrong = new double[layers];
        this.right = new double[layers];
    }

    /**
     * Measures and writes the files beside the model that recipes read when it is opened.
     *
     * @param options what {@link Model#open} takes, its context among them; a recipe is not asked for
     * @param prompts made of the model's tokens, and of so many at most
     * @param kvHeads whether to find out which KV heads cost most when they forget, which takes about three runs of all
     *     prompts a head
     * @param done    is told how many prompts have run, and how many will
     */
    public static KvCalibration run(
            Path file,
            ModelOptions options,
            BiFunction<Tokenizer, Integer, List<Prompt>> prompts,
            boolean kvHeads,
            BiConsumer<Long, Long> done)
            throws IOException {
        long[] counts = new long[3]; // run, to be run, and how many of these are for the bases
        BiFunction<Tokenizer, Integer, List<Prompt>> counted = (tokenizer, context) -> {
            List<Prompt> all = prompts.apply(tokenizer, context);
            counts[2] = all.size();
            return all;
        };
        KvCalibration measured = heads(file, options, counted, kvHeads, (run, of) -> {
            counts[0] = run;
            counts[1] = of + counts[2];
            done.accept(run, counts[1]);
        });
        return measured.withBases(
                BasisWatch.run(file, options, prompts, run -> done.accept(counts[0] + run, counts[1])));
    }

    private static KvCalibration heads(
            Path file,
            ModelOptions options,
            BiFunction<Tokenizer, Integer, List<Prompt>> prompts,
            boolean kvHeads,
            BiConsumer<Long, Long> done)
            throws IOException {
        Owned owned = new Owned();
        try {
            // a budget that is never reached: attention says what it spent where a recipe forgets; and pages by head
            ModelOptions watched = options.withParallel(1)
                    .withKvRecipe("keys=f32 values=f32 evict=window(budget=" + (1 << 24) + ",every=0,whole=none)");
            BoundModel bound = new BoundModel(file, watched, owned);
            Plan plan = bound.plan();
            int context = plan.setup().contextLength();
            List<Prompt> all = prompts.apply(bound.fromFile(() -> Tokenizers.from(bound.metadata())), context);
            TransformerForward forward = bound.open(plan);
            check(all, context, forward.mostTokens());
            Calibration calibration = new Calibration(bound, forward, all);
            KvCalibration measured = calibration.measure(kvHeads ? new HeadTrials(bound, forward, all) : null, done);
            CalibrationFile.of(file).write(measured, bound.source());
            return measured;
        } finally {
            owned.close();
        }
    }

    /** What was measured of a model, if there is such a file of this very model. */
    public static Optional<KvCalibration> of(Path file, ModelSpec spec) throws IOException {
        try (Memory memory = Memory.withBudget(HEADER);
                WeightSource source = ModelFiles.open(memory, file)) {
            return CalibrationFile.of(file).find(source, spec);
        }
    }

    private static void check(List<Prompt> prompts, int context, int step) {
        if (prompts.isEmpty()) throw new IllegalArgumentException("calibration: no prompts");
        for (Prompt p : prompts) {
            int answer = p.tokens.length - p.answerFrom;
            if (p.tokens.length > context || WINDOW + answer > step) {
                throw new IllegalArgumentException("calibration prompt: tokens=" + p.tokens.length + ", the context's="
                        + context + ", of the answer=" + answer + ", allowed=" + (step - WINDOW));
            }
        }
    }

    /** @param trials of KV heads; null: these are not measured */
    private KvCalibration measure(HeadTrials trials, BiConsumer<Long, Long> done) {
        long run = 0;
        long of = 2L * prompts.size() + (trials == null ? 0 : trials.runs());
        for (Prompt p : prompts) {
            watch(p, layer -> find(p, layer));
            done.accept(++run, of);
        }
        List<List<Integer>> heads =
                Arrays.stream(found).map(Calibration::ranked).toList();
        for (Prompt p : prompts) {
            watch(p, layer -> compare(p, layer, heads.get(layer.stream())));
            done.accept(++run, of);
        }
        List<KvCalibration.Layer> layers = IntStream.range(0, found.length)
                .mapToObj(l -> new KvCalibration.Layer(heads.get(l), right[l] > 0 ? Math.sqrt(wrong[l] / right[l]) : 0))
                .toList();
        List<KvCalibration.KvHead> kvHeads =
                trials == null ? List.of() : trials.run(more -> done.accept(2L * prompts.size() + more, of));
        return new KvCalibration(layers, kvHeads);
    }

    /** Of equal ones the first. */
    private static List<Integer> ranked(double[] found) {
        return IntStream.range(0, found.length)
                .boxed()
                .sorted(Comparator.comparingDouble(head -> -found[head]))
                .toList();
    }

    private void watch(Prompt p, Consumer<HeadWatch.Layer> taker) {
        HeadWatch[] watch = new HeadWatch[1];
        int from = p.watchedFrom();
        int end = p.tokens.length;
        try (SequenceCache cache = forward.open(
                Numerics.EXACT,
                kv -> watch[0] = new HeadWatch(
                        kv, bound.spec().kvShape().streams(), bound.spec().heads(), from, end - from, taker))) {
            for (int at = 0; at < end; ) {
                // a layer is handed out when the next begins, so all that is watched goes in one pass
                int to = Math.min(at < from ? from : end, at + forward.mostTokens());
                forward.run(Numerics.EXACT, List.of(new Forward.Slice(cache, p.tokens, at, to - at, to)));
                at = to;
            }
            watch[0].end();
        }
    }

    private void find(Prompt p, HeadWatch.Layer layer) {
        for (int h = 0; h < layer.weights().length; h++) {
            double sum = 0;
            for (float[] weights : layer.weights()[h]) for (int t = p.factFrom; t < p.factTo; t++) sum += weights[t];
            found[layer.stream()][h] += sum / layer.weights()[h].length;
        }
    }

    private void compare(Prompt p, HeadWatch.Layer layer, List<Integer> heads) {
        boolean[] kept = kept(p, layer, heads);
        int width = layer.values()[0].length / p.tokens.length;
        int group = layer.weights().length / layer.values().length;
        for (int h = 0; h < layer.weights().length; h++) {
            for (int q = WINDOW; q < layer.weights()[h].length; q++) {
                float[] weights = layer.weights()[h][q];
                double[] all = new double[width];
                double[] some = new double[width];
                double left = 0;
                for (int t = 0; t < weights.length; t++) {
                    boolean isKept = t >= p.answerFrom || kept[t];
                    if (isKept) left += weights[t];
                    for (int c = 0; c < width; c++) {
                        double part = (double) weights[t] * layer.values()[h / group][t * width + c];
                        all[c] += part;
                        if (isKept) some[c] += part;
                    }
                }
                for (int c = 0; c < width; c++) {
                    double off = all[c] - (left > 0 ? some[c] / left : 0);
                    wrong[layer.stream()] += off * off;
                    right[layer.stream()] += all[c] * all[c];
                }
            }
        }
    }

    /** What the eviction that goes by these heads keeps where the prompt ends. */
    private static boolean[] kept(Prompt p, HeadWatch.Layer layer, List<Integer> heads) {
        int budget = Math.max(WINDOW, p.answerFrom / KEPT);
        KvEviction eviction = KvEvictions.ALL
                .make("retrieval-heads(budget=" + budget + ",window=" + WINDOW + ",recent=" + WINDOW + ",top=" + TOP
                        + ")")
                .calibrated(new KvCalibration.Layer(heads, 0));
        PromptSlots slots = new PromptSlots(p.answerFrom);
        for (int q = 0; q < WINDOW; q++) {
            float[] spent = new float[p.answerFrom];
            for (int h = 0; h < layer.weights().length; h++) {
                if (!eviction.looksAt(h)) continue;
                float[] weights = layer.weights()[h][q];
                for (int t = 0; t < weights.length; t++) spent[t] += weights[t];
            }
            eviction.see(slots, p.watchedFrom() + q, spent);
        }
        float[] importance = new float[p.answerFrom];
        eviction.rank(slots, importance);
        eviction.budget().protect(slots, importance);
        boolean[] kept = new boolean[p.answerFrom];
        IntStream.range(0, kept.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(t -> -importance[t])
                        .thenComparing(Comparator.reverseOrder()))
                .limit(budget)
                .forEach(t -> kept[t] = true);
        return kept;
    }
}
