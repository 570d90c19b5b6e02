// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Catalog;
import java.util.Arrays;

/** The same for every layer. */
final class Uniform implements KvSpread {
    static final Catalog.Entry<KvSpread> ENTRY =
            new Catalog.Entry<>("uniform", "every layer keeps as much", _ -> new Uniform());

    @Override
    public double[] shares(int layers, KvCalibration measured) {
        double[] shares = new double[layers];
        Arrays.fill(shares, 1);
        return shares;
    }
}
