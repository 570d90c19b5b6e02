// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.merge;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;

/**
 * A second chance: a token goes into the kept one whose key points most nearly where its own does, weighed by the cosine,
 * if that is as near as is usual; else it is gone (D2O, row 204). What is usual is a mean over places where the head
 * forgot, the last one's counting for {@code ema}. Weights are normalised, unlike in what was released with the paper; each
 * KV head has a threshold of its own, as each keeps tokens of its own.
 */
final class Similar implements KvMerge {
    static final Catalog.Entry<KvMerge> ENTRY = Counting.entry(
            "similar",
            "a forgotten token into the kept one with the nearest key, if it is nearer than a mean that follows with"
                    + " ema=0.5 (D2O)",
            Similar::new);

    private final double ema;

    private Similar(Args args) {
        this.ema = args.doubleOf("ema", 0.5);
        if (!(ema > 0 && ema <= 1)) {
            throw new IllegalArgumentException("kv merge similar: ema=" + ema + ", allowed: more than 0, at most 1");
        }
    }

    @Override
    public String name() {
        return "similar(ema=" + ema + ")";
    }

    @Override
    public void match(KvParting parting, int[] into, float[] weights) {
        Cosines.nearest(parting, into, weights);
        double sum = 0;
        for (float w : weights) sum += w;
        double mean = sum / weights.length;
        double last = parting.note();
        float least = (float) (Double.isNaN(last) ? mean : (1 - ema) * last + ema * mean);
        parting.note(least);
        for (int i = 0; i < weights.length; i++) if (!(weights[i] >= least && weights[i] > 0)) weights[i] = 0;
    }
}
