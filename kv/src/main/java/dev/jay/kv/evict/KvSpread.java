// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import java.util.List;

/** How the tokens that are kept are shared out among the layers of a model, and among their KV heads. Stateless. */
public interface KvSpread {
    /** What a layer gets of each token of the mean budget, layer by layer; the sum is the number of layers. */
    double[] shares(int layers, KvCalibration measured);

    /** The KV heads of each layer that forget nothing; empty: heads are not told apart. */
    default List<List<Integer>> whole(int layers, KvCalibration measured) {
        return List.of();
    }

    /** Whether it goes by what was measured of the model. */
    default boolean wantsCalibration() {
        return false;
    }

    /**
     * Budgets that come to {@code mean} a layer, by the shares.
     *
     * @param least what each layer gets in any case, from 1 to the mean: the rest is shared out among those whose share is
     *     more
     */
    default int[] budgets(int mean, int least, int layers, KvCalibration measured) {
        double[] wanted = shares(layers, measured);
        double rest = (double) mean * layers;
        double shares = layers;
        boolean[] isLeast = new boolean[layers];
        for (boolean more = true; more; ) {
            more = false;
            double each = rest / shares;
            for (int l = 0; l < layers; l++) {
                if (isLeast[l] || wanted[l] * each >= least) continue;
                isLeast[l] = true;
                rest -= least;
                shares -= wanted[l];
                more = true;
                break;
            }
        }
        int[] budgets = new int[layers];
        double owed = 0;
        for (int l = 0; l < layers; l++) {
            owed += isLeast[l] ? least : wanted[l] * rest / shares;
            budgets[l] = Math.max(least, (int) Math.round(owed));
            owed -= budgets[l];
        }
        return budgets;
    }
}
