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
import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Measures what plans are made of, in a few seconds: each figure the best of some samples, as the code of a model runs it.
 * Borrows all it is given.
 */
public final class MachineProbe {
    private static final int COLS = 2048;
    private static final int ROWS = 4096;
    private static final int MANY = 256; // rows of activations, about a step's
    private static final int SAMPLES = 5;
    private static final double LONG = 0.3; // seconds: one sample of so much is enough
    private static final double SLOW = 3e8; // bytes of weights a second
    private static final int HEADS = 8;
    private static final int QUERY_HEADS = 32;
    private static final int WIDTH = 64;
    private static final int CONTEXT = 2048;

    private final Memory memory;
    private final CpuOps ops;
    private final LongSupplier clock;

    /** @param clock nanoseconds */
    public MachineProbe(Memory memory, CpuOps ops, LongSupplier clock) {
        this.memory = memory;
        this.ops = ops;
        this.clock = clock;
    }

    /**
     * @param machine what the figures are to be known by
     * @param bytes   of weights that are read in turn: more than caches hold
     */
    public Probe measure(String machine, long bytes) {
        Map<String, Double> vectors = new TreeMap<>();
        Map<String, Double> matrices = new TreeMap<>();
        double layer;
        double[] attention;
        try (Region weights = memory.reserve("probe", bytes);
                Region room = memory.reserve("probe", 64 << 20)) {
            Scratch scratch = new Scratch(room.bytes());
            for (String name : WeightFormats.ALL.names()) {
                WeightFormat format = WeightFormats.ALL.make(name);
                fill(weights.bytes(), format, scratch);
                List<MatMul> products = new ArrayList<>();
                long each = format.bytesFor((long) ROWS * COLS);
                for (long at = 0; at + each <= bytes; at += each) {
                    Tensor t = new Tensor(weights.bytes().asSlice(at, each), format, ROWS, COLS);
                    products.add(ops.bind(List.of(t), Numerics.FAST));
                }
                double once = seconds(() -> multiply(products, 1, scratch));
                vectors.put(name, products.size() * each / once);
                double rate = 2.0 * ROWS * COLS * products.size() / once;
                // a format without fast code multiplies many rows no faster than one: it need not be waited for
                if (vectors.get(name) >= SLOW) {
                    List<MatMul> first = products.subList(0, 1);
                    rate = 2.0 * ROWS * COLS * MANY / seconds(() -> multiply(first, MANY, scratch));
                }
                matrices.put(name, rate);
            }
            layer = seconds(() -> layer(scratch));
            attention = attention(scratch);
        }
        return new Probe(machine, Map.of(), vectors, matrices, attention[0], attention[1], layer);
    }

    private static void fill(MemorySegment to, WeightFormat format, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment row = scratch.floats(COLS);
        for (int i = 0; i < COLS; i++) Floats.set(row, i, (float) Math.sin(i * 1.7));
        long rowBytes = format.bytesFor(COLS);
        format.encode(row, 0, COLS, to, 0);
        long whole = to.byteSize() / rowBytes * rowBytes;
        for (long done = rowBytes; done < whole; ) {
            long more = Math.min(done, whole - done);
            MemorySegment.copy(to, 0, to, done, more);
            done += more;
        }
        scratch.release(mark);
    }

    private static void multiply(List<MatMul> products, int n, Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment x = scratch.floats((long) n * COLS);
        for (int i = 0; i < n * COLS; i++) Floats.set(x, i, 0.5f - (i & 7) * 0.1f);
        MemorySegment y = scratch.floats((long) n * ROWS);
        for (MatMul product : products) {
            long inner = scratch.mark();
            product.run(new Activations(x, n, COLS, scratch), y);
            scratch.release(inner);
        }
        scratch.release(mark);
    }

    /** What a layer does to one row beside its matrices, and as many regions of threads as it has. */
    private void layer(Scratch scratch) {
        long mark = scratch.mark();
        MemorySegment x = scratch.floats(COLS);
        MemorySegment y = scratch.floats(COLS);
        for (int i = 0; i < 2; i++) ops.rmsNorm(x, y, 1e-5f, y, 1, COLS);
        for (int i = 0; i < 6; i++) ops.forEach(2 * ops.workers(), (_, _) -> {});
        for (int i = 0; i < 2; i++) ops.add(x, y, COLS);
        scratch.release(mark);
    }

    /** Of one token over a context, and of many tokens over as many. */
    private double[] attention(Scratch scratch) {
        KvRecipe kv = KvRecipe.parse("keys=f16 values=f16");
        KvStream stream = new KvStream(HEADS, WIDTH, WIDTH);
        KvShape shape = KvShape.uniform(1, HEADS, WIDTH);
        long pageBytes = PageLayout.leastBytes(stream, kv);
        int pages = KvCache.pagesFor(CONTEXT, shape, List.of(kv), pageBytes);
        KvAttention attention = new KvAttention(ops, kv, stream, QUERY_HEADS);
        long mark = scratch.mark();
        MemorySegment rows = scratch.floats((long) MANY * QUERY_HEADS * WIDTH);
        for (int i = 0; i < MANY * QUERY_HEADS * WIDTH; i++) Floats.set(rows, i, (float) Math.sin(i));
        MemorySegment out = scratch.floats((long) MANY * QUERY_HEADS * WIDTH);
        try (PagePool pool = new PagePool(memory, pages, pageBytes);
                KvCache cache = new KvCache(shape, List.of(kv), pool)) {
            MemorySegment keys = rows.asSlice(0, 4L * MANY * HEADS * WIDTH);
            for (int at = 0; at < CONTEXT; at += MANY) {
                cache.append(0, at, MANY, keys, keys);
                cache.settle(at + MANY);
            }
            double one = seconds(() -> attend(attention, cache, 1, one(rows), one(out), scratch));
            double many = seconds(() -> attend(attention, cache, MANY, rows, out, scratch));
            return new double[] {pages * pageBytes / one, 4.0 * QUERY_HEADS * WIDTH * CONTEXT * MANY / many};
        } finally {
            scratch.release(mark);
        }
    }

    private static MemorySegment one(MemorySegment rows) {
        return rows.asSlice(0, 4L * QUERY_HEADS * WIDTH);
    }

    private static void attend(
            KvAttention attention, KvCache cache, int n, MemorySegment q, MemorySegment out, Scratch scratch) {
        List<Span> spans = List.of(new Span(cache, 0, n, CONTEXT - n));
        attention.run(
                0,
                new AttentionBatch(spans, q, QUERY_HEADS, Mask.CAUSAL, 0.125f, 0, out, null, Numerics.FAST, scratch));
    }

    /** The middle of some samples after one to warm up. */
    private double seconds(Runnable work) {
        long from = clock.getAsLong();
        work.run();
        double first = Math.max(1, clock.getAsLong() - from) / 1e9;
        if (first > 2 * LONG) return first;
        double[] all = new double[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            long begin = clock.getAsLong();
            work.run();
            all[i] = Math.max(1, clock.getAsLong() - begin) / 1e9;
            if (all[i] > LONG) return all[i];
        }
        Arrays.sort(all);
        return all[SAMPLES / 2];
    }

    /** Bytes a second at which a file is read in order, past the page cache; the first {@code most} bytes of it. */
    public double diskRate(Path file, long most) throws IOException {
        long bytes = Math.min(most, Files.size(file)) / DirectFile.ALIGNMENT * DirectFile.ALIGNMENT;
        long step = Math.min(16 << 20, bytes);
        if (step == 0) return 0;
        try (DirectFile in = DirectFile.open(file);
                Region room = memory.reserve("probe", step)) {
            long begin = clock.getAsLong();
            long done = 0;
            for (; done + step <= bytes; done += step) in.read(done, room.bytes(), step);
            return done / (Math.max(1, clock.getAsLong() - begin) / 1e9);
        }
    }
}
