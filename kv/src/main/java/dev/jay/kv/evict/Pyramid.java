// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** More for the first layers, which look around widely, less for the last, which look at few tokens (PyramidKV). */
final class Pyramid implements KvSpread {
    static final Catalog.Entry<KvSpread> ENTRY = new Catalog.Entry<>(
            "pyramid",
            "from slope=0.75 more than the mean in the first layer evenly down to as much less in the last",
            Pyramid::new);

    private final double slope;

    private Pyramid(Args args) {
        this.slope = args.doubleOf("slope", 0.75);
        if (!(slope > -1 && slope < 1)) {
            throw new IllegalArgumentException(
                    "kv spread pyramid: slope=" + slope + ", allowed: more than -1, less than 1");
        }
    }

    @Override
    public double[] shares(int layers, KvCalibration measured) {
        double[] shares = new double[layers];
        for (int l = 0; l < layers; l++) shares[l] = layers == 1 ? 1 : 1 + slope * (1 - 2.0 * l / (layers - 1));
        return shares;
    }
}
