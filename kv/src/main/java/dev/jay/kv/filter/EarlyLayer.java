// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.filter;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/**
 * Lets those tokens pass that the last queries of an early layer point at: shares of attention, summed over heads and meaned
 * over their surroundings (GemFilter, row 159). The publication sums plain products ({@code shares=0,pool=5}), so that the
 * head with the largest numbers chooses alone; its layer is the 13th of 32, and where none is named here that share of the
 * model's.
 */
final class EarlyLayer implements KvFilter {
    static final Catalog.Entry<KvFilter> ENTRY = new Catalog.Entry<>(
            "early-layer",
            "budget=512 tokens on which the last window=1 queries of a prompt spend most in one layer=0 (counted from"
                + " 1; 0: two in five of the way), meaned over pool=13, the first sinks=4 and the last recent=32 among"
                + " them; shares=0: by plain products (GemFilter)",
            EarlyLayer::new);

    private static final int MOST = 1024; // queries: each is held against every token

    private final Passing passing;
    private final int layer;
    private final int window;
    private final boolean shares;
    private final int pool;

    private EarlyLayer(Args args) {
        this.layer = args.intOf("layer", 0);
        this.window = args.intOf("window", 1);
        int shares = args.intOf("shares", 1);
        this.shares = shares == 1;
        this.pool = args.intOf("pool", 13);
        this.passing = Passing.of("early-layer", args);
        if (layer < 0 || window < 1 || window > MOST || shares < 0 || shares > 1 || pool < 1 || pool % 2 == 0) {
            throw new IllegalArgumentException("kv filter early-layer: layer=" + layer + ", window=" + window
                    + ", shares=" + shares + ", pool=" + pool + ", allowed: layer 0 or more, window 1 to " + MOST
                    + ", shares 0 or 1, pool an odd number");
        }
    }

    @Override
    public String name() {
        return "early-layer(" + passing + ",layer=" + layer + ",window=" + window + ",shares=" + (shares ? 1 : 0)
                + ",pool=" + pool + ")";
    }

    @Override
    public Passing passing() {
        return passing;
    }

    @Override
    public int layer(int layers) {
        if (layer > layers) {
            throw new IllegalArgumentException(
                    "kv filter early-layer: layer=" + layer + ", allowed: 0 to the model's " + layers);
        }
        return layer > 0 ? layer : Math.max(1, Math.round(layers * 0.4f));
    }

    @Override
    public int window() {
        return window;
    }

    @Override
    public boolean shares() {
        return shares;
    }

    /** Beyond the prompt's ends nothing is pointed at, as the publication pads with zeros. */
    @Override
    public void rank(double[] scores, float[] importance) {
        for (int t = 0; t < scores.length; t++) {
            double sum = 0;
            int end = Math.min(scores.length, t + pool / 2 + 1);
            for (int n = Math.max(0, t - pool / 2); n < end; n++) sum += scores[n];
            importance[t] = (float) (sum / pool);
        }
    }
}
