// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/** How the tokens that are kept are shared out among the layers of a model. Stateless. */
public interface KvSpread {
    /** What a layer gets of each token of the mean budget, layer by layer; the sum is the number of layers. */
    double[] shares(int layers);

    /** Budgets that come to {@code mean} a layer, by the shares; each at least 1. */
    default int[] budgets(int mean, int layers) {
        double[] shares = shares(layers);
        int[] budgets = new int[layers];
        double owed = 0;
        for (int l = 0; l < layers; l++) {
            owed += shares[l] * mean;
            budgets[l] = Math.max(1, (int) Math.round(owed));
            owed -= budgets[l];
        }
        return budgets;
    }
}
