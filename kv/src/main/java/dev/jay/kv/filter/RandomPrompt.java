// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.filter;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.SplittableRandom;

/** Lets tokens pass at random, by their places: what every other way must beat. */
final class RandomPrompt implements KvFilter {
    static final Catalog.Entry<KvFilter> ENTRY = new Catalog.Entry<>(
            "random",
            "budget=512 tokens of a prompt at random, the first sinks=4 and the last recent=32 among them",
            RandomPrompt::new);

    private final Passing passing;
    private final int seed;

    private RandomPrompt(Args args) {
        this.seed = args.intOf("seed", 1);
        this.passing = Passing.of("random", args);
    }

    @Override
    public String name() {
        return "random(" + passing + ",seed=" + seed + ")";
    }

    @Override
    public Passing passing() {
        return passing;
    }

    @Override
    public int layer(int layers) {
        return 0;
    }

    @Override
    public void rank(double[] scores, float[] importance) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int t = 0; t < importance.length; t++) importance[t] = random.nextInt(1 << 24);
    }
}
