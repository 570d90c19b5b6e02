// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import dev.jay.model.arch.Float64Decoder.Exchange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Of two experts that are as good within the bound of a product either may be chosen, and each is another function. A
 * sequence whose logits are beyond the bound is right all the same if it is, within the bound in every row, what the
 * definition gives where some such choices are made the other way; and wrong if there are none that explain it.
 *
 * @param allowed the greatest error of a logit, and of a router's score, relative to the greatest of its row
 */
record RouterTies(RandomModel model, int[] tokens, double allowed) {
    /** @param got logits[token][vocabulary] */
    boolean explain(float[] got) {
        if (model.family.experts == 0) return false;
        List<Exchange> exchanges = List.of();
        for (int t = 0; t < tokens.length; t++) {
            // what an earlier token chose is seen by those behind it, so rows are explained in order
            exchanges = explain(got, t, 0, exchanges);
            if (exchanges == null) {
                return false;
            }
        }
        return true;
    }

    /** The exchanges, and some of this token in layers from one on, with which its row is within the bound; or null. */
    private List<Exchange> explain(float[] got, int token, int layer, List<Exchange> exchanges) {
        Float64Decoder told = new Float64Decoder(model, Arrays.copyOf(tokens, token + 1), exchanges);
        int at = token * RandomModel.VOCABULARY;
        if (ArchitectureLaws.worst(got, at, told.logits[token]) < allowed) return exchanges;
        for (int l = layer; l < model.family.layers; l++) {
            for (Exchange tie : ties(token, l, told.scores[token][l])) {
                List<Exchange> more = new ArrayList<>(exchanges);
                more.add(tie);
                List<Exchange> found = explain(got, token, l + 1, more);
                if (found != null) return found;
            }
        }
        return null;
    }

    /** Experts that were chosen, and that were not, whose scores are nearer than both may be off. */
    private List<Exchange> ties(int token, int layer, double[] scores) {
        double[] sorted = Arrays.stream(scores).sorted().toArray();
        double leastChosen = sorted[scores.length - model.family.expertsUsed];
        double most = Math.max(Math.abs(sorted[0]), Math.abs(sorted[sorted.length - 1]));
        List<Exchange> ties = new ArrayList<>();
        for (int out = 0; out < scores.length; out++) {
            for (int in = 0; in < scores.length; in++) {
                boolean isChoice = scores[out] >= leastChosen && scores[in] < leastChosen;
                if (isChoice && scores[out] - scores[in] < 2 * allowed * most) {
                    ties.add(new Exchange(token, layer, out, in));
                }
            }
        }
        return ties;
    }
}
