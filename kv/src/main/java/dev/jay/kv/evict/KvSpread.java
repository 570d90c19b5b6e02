// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

/** How the tokens that are kept are shared out among the layers of a model. Stateless. */
public interface KvSpread {
    /** What a layer gets of each token of the mean budget, layer by layer; the sum is the number of layers. */
    double[] shares(int layers, KvCalibration measured);

    /** Whether it goes by what was measured of the model. */
    default boolean wantsCalibration() {
        return false;
    }

    /** Budgets that come to {@code mean} a layer, by the shares; each at least 1. */
    default int[] budgets(int mean, int layers, KvCalibration measured) {
        double[] shares = shares(layers, measured);
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
