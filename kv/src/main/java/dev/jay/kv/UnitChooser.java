// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.select.KvSelection;
import dev.jay.kv.select.KvUnits;
import dev.jay.kv.select.Reading;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.MatMulKernel;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Chooses what the query heads of one token that share a KV head read. One for each worker; its arrays are reused. */
final class UnitChooser implements KvUnits {
    private static final int ROWS = 64; // of summaries, that a product takes at a time

    private final KvSelection selection;
    private final MatMulKernel products;
    private final int group;
    private final int keyWidth;
    private final int width; // of a probe
    private final float[] query;
    private final float[] probes; // [group][width]
    private final float[] some = new float[ROWS];
    private float[][] shares;
    private float[] importance = {};
    private long[] order = {};
    private final int[] chosen;
    private UnitSummaries summaries;
    private int head;
    private int position;
    private int first;
    private int count;

    UnitChooser(KvSelection selection, MatMulKernel products, KvStream stream, int group) {
        this.selection = selection;
        this.products = products;
        this.group = group;
        this.keyWidth = stream.keyWidth();
        this.width = selection.summaryWidth(keyWidth);
        this.chosen = new int[selection.reading().tokens() / KvSelection.UNIT];
        this.query = new float[keyWidth];
        this.probes = new float[group * width];
        this.shares = new float[group][0];
    }

    /** Of working space: probes, products, and the kernel's own. */
    long scratchBytes() {
        return probeBytes() + productBytes() + Scratch.sizeOf(products.scratchBytes(width, group));
    }

    private long probeBytes() {
        return Scratch.sizeOf(4L * group * width);
    }

    private long productBytes() {
        return Scratch.sizeOf(4L * group * ROWS);
    }

    /**
     * The units that the query at a position reads, in order: as many as the budget has; borrowed.
     *
     * @param position where there are more units than the budget has
     * @param queries  [group][keyWidth] f32
     * @param scratch  {@link #scratchBytes} of it
     */
    int[] choose(
            UnitSummaries summaries,
            int head,
            int position,
            float scale,
            MemorySegment queries,
            MemorySegment scratch) {
        Reading reading = selection.reading();
        this.summaries = summaries;
        this.head = head;
        this.position = position;
        first = reading.firstChoice();
        int end = reading.endOfChoice(position);
        int own = position / KvSelection.UNIT;
        count = end - first;
        if (importance.length < count) {
            importance = new float[2 * count];
            order = new long[2 * count];
            shares = new float[group][2 * count];
        }
        if (selection.summaryRows() > 0) {
            score(queries, scratch);
            for (float[] of : shares) share(of, count, scale);
        }
        Arrays.fill(importance, 0, count, 0);
        selection.rank(this, importance);
        int n = 0;
        for (int u = 0; u < first; u++) chosen[n++] = u;
        int take = chosen.length - first - (own + 1 - end);
        for (int u = 0; u < count; u++) order[u] = (long) ordered(importance[u]) << 32 | u;
        Arrays.sort(order, 0, count);
        for (int i = count - take; i < count; i++) chosen[n++] = first + (int) order[i];
        Arrays.sort(chosen, first, n);
        for (int u = end; u <= own; u++) chosen[n++] = u;
        return chosen;
    }

    /** In the order of the numbers themselves; NaN is least. */
    private static int ordered(float x) {
        int bits = Float.floatToRawIntBits(Float.isNaN(x) ? Float.NEGATIVE_INFINITY : x + 0f);
        return bits ^ bits >> 31 & 0x7FFFFFFF;
    }

    private void score(MemorySegment queries, MemorySegment scratch) {
        for (int g = 0; g < group; g++) {
            MemorySegment.copy(queries, Floats.LAYOUT, 4L * g * keyWidth, query, 0, keyWidth);
            selection.probe(query, probes, g * width);
        }
        MemorySegment.copy(probes, 0, scratch, Floats.LAYOUT, 0, probes.length);
        int rows = selection.summaryRows();
        long y = scratch.address() + probeBytes();
        for (int u = 0; u < count; ) {
            int left = summaries.perPage() - (first + u) % summaries.perPage();
            int n = Math.min(Math.min(left, count - u), ROWS / rows);
            products.run(
                    summaries.address(head, first + u),
                    summaries.rowBytes(),
                    width,
                    0,
                    n * rows,
                    scratch.address(),
                    group,
                    y,
                    ROWS,
                    y + productBytes());
            for (int g = 0; g < group; g++) take(scratch, probeBytes() + 4L * g * ROWS, n, rows, shares[g], u);
            u += n;
        }
    }

    /** Of each unit's rows, the best. */
    private void take(MemorySegment from, long at, int n, int rows, float[] to, int u) {
        if (rows == 1) {
            MemorySegment.copy(from, Floats.LAYOUT, at, to, u, n);
            return;
        }
        MemorySegment.copy(from, Floats.LAYOUT, at, some, 0, n * rows);
        for (int i = 0; i < n; i++) {
            float best = some[i * rows];
            for (int r = 1; r < rows; r++) best = Math.max(best, some[i * rows + r]);
            to[u + i] = best;
        }
    }

    /** From scores to shares. Float32 and in order, so the same bits wherever it runs. */
    static void share(float[] of, int count, float scale) {
        float best = Float.NEGATIVE_INFINITY;
        for (int u = 0; u < count; u++) best = Math.max(best, of[u]);
        float sum = 0;
        for (int u = 0; u < count; u++) {
            of[u] = AttentionWeights.exp((of[u] - best) * scale);
            sum += of[u];
        }
        for (int u = 0; u < count; u++) of[u] /= sum;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public int first() {
        return first;
    }

    @Override
    public int position() {
        return position;
    }

    @Override
    public int queries() {
        return group;
    }

    @Override
    public float[] shares(int of) {
        return shares[of];
    }

    @Override
    public float note(int unit) {
        return summaries.note(head, first + unit);
    }
}
