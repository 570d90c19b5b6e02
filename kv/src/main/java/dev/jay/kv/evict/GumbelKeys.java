// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/**
 * Keeps tokens by a score that noise has made less sure of itself: to the logarithm of each weight Gumbel noise is added,
 * drawn by query and position, and the sum is normalised again at a temperature that rises while tokens are forgotten;
 * the results are summed over the queries (Keyformer, row 157).
 */
final class GumbelKeys implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "gumbel-keys",
            "budget=512 tokens by sums of attention with Gumbel noise, the last recent=64 among them; temperature=2;"
                    + " every=128 (Keyformer)",
            GumbelKeys::new);

    private final Budget budget;
    private final int seed;
    private final float temperature; // at the end; 1 at the beginning

    private GumbelKeys(Args args) {
        this.seed = args.intOf("seed", 1);
        this.temperature = (float) args.doubleOf("temperature", 2);
        this.budget = Budget.of("gumbel-keys", args, 128, 0, 64);
        if (!(temperature >= 1)) {
            throw new IllegalArgumentException(
                    "kv eviction gumbel-keys: temperature=" + temperature + ", allowed: 1 or more");
        }
    }

    @Override
    public String name() {
        return "gumbel-keys(" + budget + ",seed=" + seed + ",temperature=" + temperature + ")";
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public int watches() {
        return Integer.MAX_VALUE;
    }

    @Override
    public int states() {
        return 1;
    }

    @Override
    public void see(KvSlots slots, int query, float[] weights) {
        int n = slots.count();
        double forgotten = 1 - Math.min(1, (double) budget.tokens() / Math.max(1, query));
        double over = 1 / (1 + (temperature - 1) * forgotten);
        double[] raised = new double[n];
        double sum = 0;
        for (int s = 0; s < n; s++) {
            // exp((log w + g) / t), where g = -log(-log u)
            double u = Noise.uniform(31 * seed + query, slots.position(s));
            raised[s] = StrictMath.pow(weights[s] / -StrictMath.log(u), over);
            sum += raised[s];
        }
        if (!(sum > 0)) return;
        float[] shares = new float[n];
        for (int s = 0; s < n; s++) shares[s] = (float) (raised[s] / sum);
        Sums.add(slots, shares);
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        Sums.rank(slots, importance);
    }
}
