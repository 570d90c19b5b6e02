// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.model.Experts;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Which tokens of a pass go to which experts, and what each answer weighs. What a token gets depends on its own logits
 * alone. Confined to the engine thread; reused from pass to pass.
 */
final class Routing {
    private final Experts experts;
    private final int[] chosen; // of one token
    private final double[] powers; // of one token's logits
    private final int[] first; // of each expert, its first place below; and one past the last
    private int[] rows = {}; // by expert, then ascending
    private float[] weights = {};
    private int[] tokenExperts = {}; // [token][used]
    private float[] tokenWeights = {};

    Routing(Experts experts) {
        this.experts = experts;
        this.chosen = new int[experts.used()];
        this.powers = new double[experts.count()];
        this.first = new int[experts.count() + 1];
    }

    /** @param logits [n][experts] */
    void route(MemorySegment logits, int n) {
        int places = n * experts.used();
        if (rows.length < places) {
            rows = new int[places];
            weights = new float[places];
            tokenExperts = new int[places];
            tokenWeights = new float[places];
        }
        Arrays.fill(first, 0);
        for (int t = 0; t < n; t++) choose(logits, t);
        for (int e = 0; e < experts.count(); e++) first[e + 1] += first[e];
        int[] next = Arrays.copyOf(first, experts.count());
        for (int p = 0; p < places; p++) {
            int place = next[tokenExperts[p]]++;
            rows[place] = p / experts.used();
            weights[place] = tokenWeights[p];
        }
    }

    private void choose(MemorySegment logits, int token) {
        long at = (long) token * experts.count();
        float most = Float.NEGATIVE_INFINITY;
        for (int e = 0; e < experts.count(); e++) most = Math.max(most, Floats.get(logits, at + e));
        Arrays.fill(powers, -1); // not chosen
        double ofChosen = 0;
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = best(logits, at);
            powers[chosen[i]] = power(logits, at + chosen[i], most);
            ofChosen += powers[chosen[i]];
        }
        double of = experts.isNormed() ? ofChosen : ofAll(logits, at, most);
        for (int i = 0; i < chosen.length; i++) {
            int p = token * experts.used() + i;
            tokenExperts[p] = chosen[i];
            tokenWeights[p] = (float) (experts.scale() * powers[chosen[i]] / of);
            first[chosen[i] + 1]++;
        }
    }

    /** The greatest of those not yet chosen, the first of several; one that is no number only if no other is left. */
    private int best(MemorySegment logits, long at) {
        int best = -1;
        for (int e = 0; e < experts.count(); e++) {
            if (powers[e] < 0 && (best < 0 || Floats.get(logits, at + e) > Floats.get(logits, at + best))) best = e;
        }
        return best;
    }

    private double ofAll(MemorySegment logits, long at, float most) {
        double sum = 0;
        for (int e = 0; e < experts.count(); e++) sum += power(logits, at + e, most);
        return sum;
    }

    /** Strict: the same bits from interpreted and compiled code. */
    private static double power(MemorySegment logits, long at, float most) {
        double power = StrictMath.exp(Floats.get(logits, at) - most);
        return power >= 0 ? power : 0;
    }

    int count(int expert) {
        return first[expert + 1] - first[expert];
    }

    /** The row of the pass that is an expert's i-th. */
    int row(int expert, int i) {
        return rows[first[expert] + i];
    }

    float weight(int expert, int i) {
        return weights[first[expert] + i];
    }
}
