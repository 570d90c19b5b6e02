// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import dev.jay.tensor.Catalog;

/**
 * Every token goes into the kept one with the nearest key, half-way: the kept one becomes the mean of itself and of the
 * middles between it and each of them, so it stays the pivot however many come (LOOK-M, row 212).
 */
final class Pivot implements KvMerge {
    static final Catalog.Entry<KvMerge> ENTRY = Counting.entry(
            "pivot",
            "a forgotten token into the kept one with the nearest key, which keeps half of each mean (LOOK-M)",
            _ -> new Pivot());

    @Override
    public String name() {
        return "pivot";
    }

    @Override
    public void match(KvParting parting, int[] into, float[] weights) {
        Cosines.nearest(parting, into, weights);
        int[] count = new int[parting.kept().length];
        for (int k : into) count[k]++;
        // (1 + n/2) of its own to 1/2 of each of n, so 1 to 1/(2 + n)
        for (int i = 0; i < weights.length; i++) weights[i] = 1f / (2 + count[into[i]]);
    }
}
