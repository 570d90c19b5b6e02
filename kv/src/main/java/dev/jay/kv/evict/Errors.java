// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/** More for the layers that suffer most when tokens are forgotten, as was measured of the model (CompressKV, row 52). */
final class Errors implements KvSpread {
    static final Catalog.Entry<KvSpread> ENTRY = new Catalog.Entry<>(
            "errors",
            "floor=0.25 of the mean for each layer, the rest by how far its attention was off when 'jay calibrate'"
                    + " had it forget (CompressKV)",
            Errors::new);

    private final double floor;

    private Errors(Args args) {
        this.floor = args.doubleOf("floor", 0.25);
        if (!(floor >= 0 && floor <= 1)) {
            throw new IllegalArgumentException("kv spread errors: floor=" + floor + ", allowed: 0 to 1");
        }
    }

    @Override
    public boolean wantsCalibration() {
        return true;
    }

    @Override
    public double[] shares(int layers, KvCalibration measured) {
        double sum = 0;
        for (int l = 0; l < layers; l++) sum += measured.layers().get(l).error();
        double[] shares = new double[layers];
        Arrays.fill(shares, 1);
        if (!(sum > 0)) return shares; // nothing was off anywhere
        for (int l = 0; l < layers; l++) {
            shares[l] = floor + (1 - floor) * layers * measured.layers().get(l).error() / sum;
        }
        return shares;
    }
}
