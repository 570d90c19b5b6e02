// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Some KV heads keep every token, all others what the budget says: those heads first that cost most when they forget, as
 * was measured of the model. That few heads look far back and the others get by with sinks and a window is from DuoAttention
 * (arXiv 2410.10819) and RazorAttention (arXiv 2407.15891); which they are is found here by having heads forget.
 */
final class HeadShare implements KvSpread {
    static final Catalog.Entry<KvSpread> ENTRY = new Catalog.Entry<>(
            "heads",
            "whole=25 percent of a model's KV heads keep every token, those that cost most when 'jay calibrate' had"
                    + " them forget; each of the others the budget (as DuoAttention)",
            HeadShare::new);

    private final double percent;

    private HeadShare(Args args) {
        this.percent = args.doubleOf("whole", 25);
        if (!(percent >= 0 && percent <= 100)) {
            throw new IllegalArgumentException("kv spread heads: whole=" + percent + ", allowed: 0 to 100");
        }
    }

    @Override
    public boolean wantsCalibration() {
        return true;
    }

    @Override
    public double[] shares(int layers, KvCalibration measured) {
        double[] shares = new double[layers];
        Arrays.fill(shares, 1);
        return shares;
    }

    @Override
    public List<List<Integer>> whole(int layers, KvCalibration measured) {
        if (measured.kvHeads().isEmpty()) {
            throw new IllegalArgumentException(
                    "kv spread heads goes by what KV heads cost when they forget, which was not measured; 'jay"
                            + " calibrate' measures it with --heads");
        }
        List<List<Integer>> whole = new ArrayList<>();
        for (int l = 0; l < layers; l++) whole.add(new ArrayList<>());
        long some = Math.round(percent / 100 * measured.kvHeads().size());
        measured.kvHeads().stream()
                .limit(some)
                .forEach(h -> whole.get(h.layer()).add(h.head()));
        return whole;
    }
}
