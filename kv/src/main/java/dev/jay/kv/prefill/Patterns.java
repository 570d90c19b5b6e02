// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefill;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/**
 * Reads as few units as hold a share of attention, by one of two patterns (FlexPrefill, row 228). Where means of queries and
 * keys say well enough what the stretch's first block spent, by the Jensen-Shannon divergence of the two, a block goes by
 * its own queries: by means, those of the block before it. Elsewhere by what that first block spent: on the same units, and
 * on those as far away. The first unit is read always.
 */
final class Patterns implements KvPrefill {
    static final Catalog.Entry<KvPrefill> ENTRY = new Catalog.Entry<>(
            "patterns",
            "queries of a prompt read what holds gamma=0.9 of their attention, head by head by their own means where"
                    + " these are within tau=0.1 of the truth, else as the first queries of their stretch of every=512"
                    + " did; the last recent=64 tokens of the prompt read everything (FlexPrefill)",
            Patterns::new);

    private final Stretches stretches;
    private final double gamma;
    private final double tau;

    private Patterns(Args args) {
        this.gamma = args.doubleOf("gamma", 0.9);
        this.tau = args.doubleOf("tau", 0.1);
        this.stretches = Stretches.of("patterns", args);
        if (!(gamma > 0 && gamma <= 1) || !(tau >= 0 && tau <= 1)) {
            throw new IllegalArgumentException("kv prefill patterns: gamma=" + gamma + ", tau=" + tau
                    + ", allowed: gamma more than 0 up to 1, tau 0 to 1");
        }
    }

    @Override
    public String name() {
        return "patterns(" + stretches + ",gamma=" + gamma + ",tau=" + tau + ")";
    }

    @Override
    public Stretches stretches() {
        return stretches;
    }

    @Override
    public boolean readsAll() {
        return gamma == 1;
    }

    @Override
    public void choose(PromptBlock block, boolean[] reads) {
        int first = block.count(); // the unit that the stretch begins with
        int known = first + BLOCK / 32; // units that its first block has read
        if (Math.sqrt(divergence(block.spent(), block.estimated(), known)) < tau) {
            cover(block.now(), block.own(), first, reads);
        } else {
            cover(block.spent(), known, first, reads);
            boolean[] places = Arrays.copyOf(reads, first);
            int further = block.own() - first;
            for (int u = 0; u + further < first; u++) if (places[u]) reads[u + further] = true;
        }
        reads[0] = true;
    }

    /** The fewest units before the stretch with which gamma is reached; those of the stretch itself are read anyway. */
    private void cover(float[] shares, int known, int first, boolean[] reads) {
        double covered = 0;
        for (int u = first; u < known; u++) covered += shares[u];
        long[] order =
                new long[first]; // shares are not negative, so their bits are in their order; of equal ones the latest
        for (int u = 0; u < first; u++) order[u] = (long) Float.floatToRawIntBits(shares[u]) << 32 | u;
        Arrays.sort(order);
        for (int i = first - 1; i >= 0 && covered < gamma; i--) {
            int unit = (int) order[i];
            reads[unit] = true;
            covered += shares[unit];
        }
    }

    /** Jensen and Shannon's, in nats: 0 where both are the same, at most the logarithm of 2. */
    static double divergence(float[] p, float[] q, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double mean = (p[i] + (double) q[i]) / 2;
            if (p[i] > 0) sum += p[i] * StrictMath.log(p[i] / mean) / 2;
            if (q[i] > 0) sum += q[i] * StrictMath.log(q[i] / mean) / 2;
        }
        return Math.max(0, sum);
    }
}
