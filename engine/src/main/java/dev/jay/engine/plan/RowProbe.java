// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import dev.jay.kv.AttentionBatch;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvAttention;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.kv.KvShape;
import dev.jay.kv.KvStream;
import dev.jay.kv.Mask;
import dev.jay.kv.PageLayout;
import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.Tensor;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Activations;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.MatMul;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What a layer does beside reading its weights: attention of one token and of many to a long context, and for one row and
 * for many all else, with products of matrices too small to count. Owns its keys and values; borrows the rest.
 */
final class RowProbe implements AutoCloseable {
    static final long BYTES = 48 << 20;

    private static final double BUSY = 0.1; // seconds
    private static final int COLS = 2048;
    private static final int HIDDEN = 8192;
    private static final int SMALL = 48; // rows of a matrix that all threads still share
    private static final int HEADS = 8;
    private static final int QUERY_HEADS = 32;
    private static final int WIDTH = 64;
    private static final int CONTEXT = 2048;
    private static final int MANY = 256;
    private static final int MOST_LAYERS = 8;

    private final CpuOps ops;
    private final Scratch scratch;
    private final PagePool pool;
    private final KvCache context;
    private final KvCache fresh; // of a sequence that begins
    private final KvAttention attention;
    private final MatMul small;
    private final MemorySegment gain;
    private final MemorySegment x;
    private final MemorySegment wide;
    private final MemorySegment up;
    private final MemorySegment table;
    private final long contextBytes; // of one layer
    private final int layers;
    private final Timer oneAttends;
    private final Timer manyAttend;
    private final Timer manyBegin;
    private final Timer oneRow;
    private final Timer manyRows;

    /**
     * @param scratch of at least {@link #BYTES}, part of which is taken until this is closed
     * @param evict   takes everything else out of the caches, as weights do between a layer's attention and its next
     * @param bytes   of keys and values, at most, if one layer's are no more
     */
    RowProbe(CpuOps ops, Memory memory, LongSupplier clock, Scratch scratch, long bytes, Runnable evict) {
        this.ops = ops;
        this.scratch = scratch;
        KvRecipe kv = KvRecipe.parse("keys=f16 values=f16");
        KvStream stream = new KvStream(HEADS, WIDTH, WIDTH);
        KvShape one = KvShape.uniform(1, HEADS, WIDTH);
        long pageBytes = PageLayout.leastBytes(stream, kv);
        int pages = KvCache.pagesFor(CONTEXT, one, List.of(kv), pageBytes);
        this.contextBytes = pages * pageBytes;
        this.layers = Math.clamp(bytes / contextBytes, 1, MOST_LAYERS);
        KvShape all = KvShape.uniform(layers, HEADS, WIDTH);
        this.attention = new KvAttention(ops, kv, stream, QUERY_HEADS);
        this.x = scratch.floats((long) MANY * COLS);
        this.wide = scratch.floats((long) MANY * HIDDEN);
        this.up = scratch.floats((long) MANY * HIDDEN);
        this.table = scratch.floats((long) MANY * WIDTH);
        this.gain = scratch.floats(COLS);
        for (MemorySegment s : List.of(x, wide, up, table, gain)) {
            for (int i = 0; i < s.byteSize() / Float.BYTES; i++) Floats.set(s, i, 0.5f - (i & 7) * 0.1f);
        }
        WeightFormat format = WeightFormats.ALL.make("q8_0");
        MemorySegment weights = scratch.take(format.bytesFor((long) SMALL * COLS));
        for (int row = 0; row < SMALL; row++) format.encode(x, 0, COLS, weights, row * format.bytesFor(COLS));
        this.small = ops.bind(List.of(new Tensor(weights, format, SMALL, COLS)), Numerics.FAST);
        this.pool =
                new PagePool(memory, pages * layers + KvCache.pagesFor(MANY, one, List.of(kv), pageBytes), pageBytes);
        this.context = new KvCache(all, Collections.nCopies(layers, kv), pool);
        this.fresh = new KvCache(one, List.of(kv), pool);
        for (int at = 0; at < CONTEXT; at += MANY) {
            for (int i = 0; i < layers; i++) context.append(i, at, MANY, heads(MANY), heads(MANY));
            context.settle(at + MANY);
        }
        this.oneAttends = new Timer(clock, 0, evict, () -> attendInAll(1));
        this.manyAttend = new Timer(clock, BUSY, () -> attend(context, 0, MANY, CONTEXT - MANY));
        this.manyBegin = new Timer(clock, BUSY, () -> attend(context, 0, MANY, 0));
        this.oneRow = new Timer(clock, BUSY, () -> layer(1));
        this.manyRows = new Timer(clock, BUSY, () -> layer(MANY));
    }

    void sample() {
        for (Timer each : List.of(oneRow, manyRows, manyAttend, manyBegin, oneAttends)) each.sample();
    }

    private void attendInAll(int n) {
        for (int i = 0; i < layers; i++) attend(context, i, n, CONTEXT - n);
    }

    private void attend(KvCache cache, int layer, int n, int position) {
        long mark = scratch.mark();
        MemorySegment out = scratch.floats((long) n * QUERY_HEADS * WIDTH);
        MemorySegment queries = x.asSlice(0, out.byteSize());
        List<Span> spans = List.of(new Span(cache, 0, n, position));
        attention.run(
                layer,
                new AttentionBatch(
                        spans, queries, QUERY_HEADS, Mask.CAUSAL, 0.125f, 0, out, null, Numerics.FAST, scratch));
        scratch.release(mark);
    }

    /**
     * What a row goes through in a layer: one with as many products as a layer has, and attention to itself; of many, whose
     * products and attention are counted for themselves, the rest alone.
     */
    private void layer(int n) {
        ops.rmsNorm(x, gain, 1e-5f, x, n, COLS);
        product(n);
        ops.rotate(x, n, QUERY_HEADS, WIDTH, WIDTH, table, false);
        ops.rotate(wide, n, HEADS, WIDTH, WIDTH, table, false);
        fresh.append(0, 0, n, heads(n), heads(n), ops);
        if (n == 1) attend(fresh, 0, 1, 0);
        fresh.settle(0); // taken back
        product(n);
        ops.add(x, up, (long) n * COLS);
        ops.rmsNorm(x, gain, 1e-5f, x, n, COLS);
        product(n);
        ops.swiGlu(wide, up, (long) n * HIDDEN); // zeros before long; what it takes does not hang on values
        product(n);
        ops.add(x, up, (long) n * COLS);
    }

    private MemorySegment heads(int n) {
        return x.asSlice(0, 4L * n * HEADS * WIDTH);
    }

    private void product(int n) {
        if (n > 1) return;
        long mark = scratch.mark();
        MemorySegment y = scratch.floats(SMALL);
        small.run(new Activations(x.asSlice(0, 4L * COLS), 1, COLS, scratch), y);
        scratch.release(mark);
    }

    /** Bytes of keys and values a second that one token attends to. */
    double attentionRate() {
        return layers * contextBytes / oneAttends.least();
    }

    /** Operations a second that more keys add to many tokens' attention. */
    double attentionFlops() {
        return 4.0 * QUERY_HEADS * WIDTH * MANY / key();
    }

    /** Keys that would take as long as what each of many tokens takes beside those that it attends to. */
    double attentionKeys() {
        return Math.max(1, manyBegin.least() / key() - MANY / 2.0);
    }

    /** Seconds that a key more takes with many tokens. */
    private double key() {
        double all = manyAttend.least();
        double more = (all - manyBegin.least()) / (CONTEXT - MANY);
        return Math.max(more, all / CONTEXT / 2); // what disturbed the shorter one is not believed
    }

    /** Seconds that one row takes in a layer beside its weights and what it attends to. */
    double layerSeconds() {
        return oneRow.least();
    }

    /** Values a second that norms, turns, additions and activations go over where rows are many. */
    double rowRate() {
        return MANY * (4.0 * COLS + (QUERY_HEADS + HEADS) * WIDTH + HIDDEN) / manyRows.least();
    }

    @Override
    public void close() {
        context.close();
        fresh.close();
        pool.close();
    }
}
