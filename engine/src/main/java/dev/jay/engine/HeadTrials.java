// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.LogSoftmax;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.Budget;
import dev.jay.kv.evict.KvCalibration.KvHead;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Finds which KV heads of a model must keep all tokens, by having the others forget: in rounds, in each of which every head
 * that still keeps all is tried alone with those that forget already, and the third that costs least forgets from then on.
 * So it is seen what heads do for each other, at about three trials a head. What a trial costs is how much
 * more the second half of each prompt and its answer surprise the model, each token alike. Exact mode, so it depends on the model and the
 * prompts alone.
 */
final class HeadTrials {
    private static final int SINKS = 4;
    private static final int WINDOW = 16; // a head that forgets keeps the prompt's length over this

    private final TransformerForward forward;
    private final List<Calibration.Prompt> prompts;
    private final int vocabulary;
    private final List<KvHead> all = new ArrayList<>();
    private final int layers;

    /** @param forward bound for heads that forget each for itself, of f32 */
    HeadTrials(BoundModel bound, TransformerForward forward, List<Calibration.Prompt> prompts) {
        this.forward = forward;
        this.prompts = prompts;
        this.vocabulary = bound.spec().vocabulary();
        this.layers = bound.spec().kvShape().streams().size();
        for (int l = 0; l < layers; l++) {
            int heads = bound.spec().kvShape().streams().get(l).heads();
            for (int h = 0; h < heads; h++) all.add(new KvHead(l, h));
        }
    }

    /** Prompts that {@link #run} runs. */
    long runs() {
        long trials = 0;
        for (int left = all.size(); left > 1; left -= gone(left)) trials += left;
        return trials * prompts.size();
    }

    /** How many of those that are left forget after a round. */
    private static int gone(int left) {
        return Math.max(1, left / 3);
    }

    /**
     * All KV heads, those first that cost most.
     *
     * @param done told how many prompts have been run
     */
    List<KvHead> run(LongConsumer done) {
        List<KvHead> whole = new ArrayList<>(all);
        List<KvHead> order = new ArrayList<>();
        long trials = 0;
        while (whole.size() > 1) {
            Map<KvHead, Double> costs = new HashMap<>();
            for (KvHead head : whole) {
                Set<KvHead> others = new HashSet<>(whole);
                others.remove(head);
                costs.put(head, surprise(others));
                done.accept(++trials * prompts.size());
            }
            List<KvHead> cheapest = whole.stream()
                    .sorted(Comparator.comparingDouble(costs::get))
                    .limit(gone(whole.size()))
                    .toList();
            order.addAll(cheapest);
            whole.removeAll(cheapest);
        }
        order.addAll(whole);
        return order.reversed();
    }

    /** Nats a token, of the second half of each prompt and of its answer, where only some heads keep all. */
    double surprise(Set<KvHead> whole) {
        double sum = 0;
        for (Calibration.Prompt p : prompts) {
            int window = Math.max(2 * SINKS, p.answerFrom() / WINDOW);
            List<KvRecipe> each = new ArrayList<>();
            for (int l = 0; l < layers; l++) each.add(recipe(l, window, whole));
            double[] surprises = surprises(p, each);
            sum += mean(surprises, p.answerFrom() / 2, p.tokens().length);
        }
        return sum / prompts.size();
    }

    private static KvRecipe recipe(int layer, int window, Set<KvHead> whole) {
        List<Integer> heads = whole.stream()
                .filter(h -> h.layer() == layer)
                .map(KvHead::head)
                .sorted()
                .toList();
        return KvRecipe.parse("keys=f32 values=f32 evict=window(budget=" + window + ",every=" + window + ",sinks="
                + SINKS + ",whole=" + Budget.heads(heads) + ")");
    }

    private static double mean(double[] of, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) sum += of[i];
        return sum / (to - from);
    }

    /** Of each token of the second half of a prompt, and of its answer. */
    private double[] surprises(Calibration.Prompt p, List<KvRecipe> each) {
        int[] tokens = p.tokens();
        double[] surprises = new double[tokens.length];
        int scoredFrom = Math.max(1, p.answerFrom() / 2);
        try (SequenceCache cache = forward.open(each, kv -> kv)) {
            for (int at = 0; at < tokens.length; ) {
                int to = Math.min(tokens.length, Math.min(cache.nextEnd(), at + forward.mostTokens()));
                int from = Math.max(at, scoredFrom - 1); // the first whose logits are wanted
                if (from < to) to = Math.min(to, from + forward.mostRows());
                Forward.Slice slice = new Forward.Slice(cache, tokens, at, to - at, Math.min(from, to));
                MemorySegment logits = forward.run(Numerics.EXACT, List.of(slice));
                for (int t = from; t < to && t + 1 < tokens.length; t++) {
                    MemorySegment row = logits.asSlice(4L * (t - from) * vocabulary, 4L * vocabulary);
                    surprises[t + 1] = LogSoftmax.logSumExp(row, vocabulary) - Floats.get(row, tokens[t + 1]);
                }
                at = to;
            }
        }
        return surprises;
    }
}
