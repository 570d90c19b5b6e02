// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/**
 * Reads the units that may hold the best key: of each channel it knows the largest and the smallest value of a unit, and
 * no key in it can have a greater product with the query than one that has the better of the two everywhere (Quest). That
 * is one product of twice the width: the largest values with what is positive in the query, the smallest with the rest.
 */
final class BestPages implements KvSelection {
    static final Catalog.Entry<KvSelection> ENTRY = new Catalog.Entry<>(
            "best-pages",
            "budget=512 tokens in units of 32 by the most that a key in it can score, from the range of each channel;"
                    + " the first sinks=1 and the last recent=64 among them (Quest)",
            BestPages::new);

    private final Reading reading;

    private BestPages(Args args) {
        this.reading = Reading.of("best-pages", args);
    }

    @Override
    public String name() {
        return "best-pages(" + reading + ")";
    }

    @Override
    public Reading reading() {
        return reading;
    }

    @Override
    public int summaryRows() {
        return 1;
    }

    @Override
    public int summaryWidth(int keyWidth) {
        return 2 * keyWidth;
    }

    @Override
    public float summarise(float[] keys, int keyWidth, float[] to) {
        Arrays.fill(to, 0, keyWidth, Float.NEGATIVE_INFINITY);
        Arrays.fill(to, keyWidth, 2 * keyWidth, Float.POSITIVE_INFINITY);
        for (int t = 0; t < UNIT; t++) {
            for (int c = 0; c < keyWidth; c++) {
                to[c] = Math.max(to[c], keys[t * keyWidth + c]);
                to[keyWidth + c] = Math.min(to[keyWidth + c], keys[t * keyWidth + c]);
            }
        }
        return 0;
    }

    @Override
    public void probe(float[] query, float[] to, int at) {
        for (int c = 0; c < query.length; c++) {
            to[at + c] = Math.max(query[c], 0);
            to[at + query.length + c] = Math.min(query[c], 0);
        }
    }

    @Override
    public void rank(KvUnits units, float[] importance) {
        GroupShares.rank(units, importance);
    }
}
