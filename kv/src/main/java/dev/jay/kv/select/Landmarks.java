// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/**
 * Reads the units near whose mean keys the query is; a unit may have several means, of so many tokens each. What a mean
 * says little about is read always: the units with the key that is least like the mean it went into, by cosine (ShadowKV's
 * landmarks and outliers, row 224). It remembers that cosine.
 */
final class Landmarks implements KvSelection {
    static final Catalog.Entry<KvSelection> ENTRY = new Catalog.Entry<>(
            "landmarks",
            "budget=512 tokens in units of 32 by their mean keys, one of each chunk=16 (8, 32) tokens; always the"
                + " outliers=2 units that means describe worst, the first sinks=1 and the last recent=64 (ShadowKV)",
            Landmarks::new);

    private final Reading reading;
    private final int chunk;
    private final int outliers;

    private Landmarks(Args args) {
        this.chunk = args.intOf("chunk", 16);
        this.reading = Reading.of("landmarks", args);
        this.outliers = args.intOf("outliers", reading.chosen() / 8);
        if ((chunk != 8 && chunk != 16 && chunk != UNIT) || outliers < 0 || outliers > reading.chosen()) {
            throw new IllegalArgumentException("kv selection landmarks: chunk=" + chunk + ", outliers=" + outliers
                    + ", allowed: chunk 8, 16 or " + UNIT + ", outliers 0 to " + reading.chosen()
                    + ", the units that this budget lets it choose");
        }
    }

    @Override
    public String name() {
        return "landmarks(" + reading + ",chunk=" + chunk + ",outliers=" + outliers + ")";
    }

    @Override
    public Reading reading() {
        return reading;
    }

    @Override
    public int summaryRows() {
        return UNIT / chunk;
    }

    @Override
    public boolean notes() {
        return true;
    }

    @Override
    public float summarise(float[] keys, int keyWidth, float[] to) {
        float least = 1;
        for (int row = 0; row < UNIT / chunk; row++) {
            int mean = row * keyWidth;
            Arrays.fill(to, mean, mean + keyWidth, 0);
            for (int t = row * chunk; t < (row + 1) * chunk; t++) {
                for (int c = 0; c < keyWidth; c++) to[mean + c] += keys[t * keyWidth + c] / chunk;
            }
            for (int t = row * chunk; t < (row + 1) * chunk; t++) {
                least = Math.min(least, cosine(keys, t * keyWidth, to, mean, keyWidth));
            }
        }
        return least;
    }

    private static float cosine(float[] a, int i, float[] b, int j, int width) {
        double product = 0;
        double squares = 0;
        double others = 0;
        for (int c = 0; c < width; c++) {
            product += (double) a[i + c] * b[j + c];
            squares += (double) a[i + c] * a[i + c];
            others += (double) b[j + c] * b[j + c];
        }
        double norms = Math.sqrt(squares * others);
        return norms > 0 ? (float) (product / norms) : 0;
    }

    @Override
    public void rank(KvUnits units, float[] importance) {
        GroupShares.rank(units, importance);
        for (int i = 0; i < outliers && i < units.count(); i++) {
            int worst = -1;
            for (int u = 0; u < units.count(); u++) {
                if (importance[u] == Float.POSITIVE_INFINITY) continue; // is read already
                if (worst < 0 || units.note(u) <= units.note(worst)) worst = u;
            }
            if (worst >= 0) importance[worst] = Float.POSITIVE_INFINITY;
        }
    }
}
