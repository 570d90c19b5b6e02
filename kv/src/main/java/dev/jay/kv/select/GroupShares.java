// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

/** One number for a unit, from those of the query heads that read together. */
final class GroupShares {
    private GroupShares() {}

    /**
     * The largest of the heads' shares (ShadowKV). Plain scores are no way to compare heads: whoever has the largest numbers
     * would choose alone.
     */
    static void rank(KvUnits units, float[] importance) {
        for (int q = 0; q < units.queries(); q++) {
            float[] shares = units.shares(q);
            for (int u = 0; u < units.count(); u++) importance[u] = Math.max(importance[u], shares[u]);
        }
    }
}
