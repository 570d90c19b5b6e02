// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import dev.jay.tensor.Catalog;

/**
 * Every token goes into the kept one that is nearest to it in the text, the earlier of two, and counts as much: kept tokens
 * stand for their surroundings (Elastic Cache, row 57). Neighbours' keys were turned by nearly the same rotary angles.
 */
final class Nearest implements KvMerge {
    static final Catalog.Entry<KvMerge> ENTRY = Counting.entry(
            "nearest",
            "a forgotten token into the kept one nearest in the text, plain means (Elastic Cache)",
            _ -> new Nearest());

    @Override
    public String name() {
        return "nearest";
    }

    @Override
    public void match(KvParting parting, int[] into, float[] weights) {
        int[] kept = parting.kept();
        int[] forgotten = parting.forgotten();
        int k = 0;
        for (int i = 0; i < forgotten.length; i++) {
            int position = parting.position(forgotten[i]);
            while (k + 1 < kept.length && away(parting, kept[k + 1], position) < away(parting, kept[k], position)) k++;
            into[i] = k;
            weights[i] = 1;
        }
    }

    private static int away(KvParting parting, int slot, int position) {
        return Math.abs(parting.position(slot) - position);
    }
}
