// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.select;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/** Reads units at random, others for each query: what every other way must beat. */
final class RandomUnits implements KvSelection {
    static final Catalog.Entry<KvSelection> ENTRY = new Catalog.Entry<>(
            "random",
            "budget=512 tokens in units of 32 at random, the first sinks=1 and the last recent=64 among them",
            RandomUnits::new);

    private final Reading reading;
    private final int seed;

    private RandomUnits(Args args) {
        this.seed = args.intOf("seed", 1);
        this.reading = Reading.of("random", args);
    }

    @Override
    public String name() {
        return "random(" + reading + ",seed=" + seed + ")";
    }

    @Override
    public Reading reading() {
        return reading;
    }

    @Override
    public void rank(KvUnits units, float[] importance) {
        for (int u = 0; u < units.count(); u++) importance[u] = noise(units.position(), units.first() + u);
    }

    /** Looks random, and is a function of a seed and two places. */
    private int noise(int position, int unit) {
        long x = seed * 0x9E3779B97F4A7C15L ^ ((long) position << 32 | unit);
        x = (x ^ x >>> 33) * 0xFF51AFD7ED558CCDL;
        x = (x ^ x >>> 33) * 0xC4CEB9FE1A85EC53L;
        return (int) (x >>> 41);
    }
}
