// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.evict;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Keeps what the few heads of a layer look at that are known to look for what is asked for, and the same for all its
 * heads: the others' sinks and habits have no say (CompressKV, row 52). What the last queries spend is meaned over
 * surroundings. Which heads these are was measured of the model; where {@code heads=} names none they are all asked.
 */
final class RetrievalHeads implements KvEviction {
    static final Catalog.Entry<KvEviction> ENTRY = new Catalog.Entry<>(
            "retrieval-heads",
            "budget=512 tokens that the last window=8 queries of the top=4 heads of a layer spend most on, smoothed"
                    + " over pool=5, for all its heads; 'jay calibrate' finds those heads; every=0 (CompressKV)",
            RetrievalHeads::new);

    private final Budget budget;
    private final int window;
    private final int pool;
    private final int top;
    private final int[] heads; // none: all

    private RetrievalHeads(Args args) {
        this.window = args.intOf("window", 8);
        this.pool = args.intOf("pool", 5);
        this.top = args.intOf("top", 4);
        this.heads = args.intsOf("heads");
        this.budget = Budget.of("retrieval-heads", args, 0, 0, Math.min(window, 32));
        if (window < 1 || pool < 1 || pool % 2 == 0 || top < 1) {
            throw new IllegalArgumentException("kv eviction retrieval-heads: window=" + window + ", pool=" + pool
                    + ", top=" + top + ", allowed: window and top 1 or more, pool an odd number");
        }
    }

    private RetrievalHeads(RetrievalHeads other, int[] heads) {
        this.budget = other.budget;
        this.window = other.window;
        this.pool = other.pool;
        this.top = other.top;
        this.heads = heads;
    }

    @Override
    public String name() {
        String which = Arrays.stream(heads).mapToObj(Integer::toString).collect(Collectors.joining("+"));
        return "retrieval-heads(" + budget + ",window=" + window + ",pool=" + pool + ",top=" + top
                + (heads.length == 0 ? "" : ",heads=" + which) + ")";
    }

    @Override
    public boolean wantsCalibration() {
        return heads.length == 0;
    }

    @Override
    public KvEviction calibrated(KvCalibration.Layer layer) {
        if (heads.length > 0) return this;
        int[] first = layer.heads().stream()
                .limit(top)
                .mapToInt(head -> head)
                .sorted()
                .toArray();
        return new RetrievalHeads(this, first);
    }

    @Override
    public boolean looksAt(int queryHead) {
        return heads.length == 0 || Arrays.stream(heads).anyMatch(head -> head == queryHead);
    }

    @Override
    public boolean keepsTheSame() {
        return true;
    }

    @Override
    public Budget budget() {
        return budget;
    }

    @Override
    public int watches() {
        return window;
    }

    @Override
    public int states() {
        return 1;
    }

    @Override
    public void see(KvSlots slots, int query, float[] weights) {
        Sums.add(slots, weights);
    }

    @Override
    public void rank(KvSlots slots, float[] importance) {
        for (int s = 0; s < slots.count(); s++) {
            float sum = 0;
            int end = Math.min(slots.count(), s + pool / 2 + 1);
            for (int n = Math.max(0, s - pool / 2); n < end; n++) sum += slots.state(n, 0);
            importance[s] = sum / pool;
        }
        for (int s = 0; s < slots.count(); s++) slots.state(s, 0, 0); // the next question is another one
    }
}
