// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

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
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * One decode step's attention over keys and values that lie in pages, of one tile or several, leased by sequences in
 * turn, and in one run of addresses each; in the system's pages and in huge ones. All in one run, medians; beside it what
 * it costs to fill a page of the system with rows, and to give it back.
 */
@Command(name = "pages", mixinStandardHelpOptions = true, description = "How keys and values lie in memory.")
public final class PageBench implements Runnable {
    private static final int HEADS = 8;
    private static final int QUERY_HEADS = 32;
    private static final int WIDTH = 64;
    private static final KvStream STREAM = new KvStream(HEADS, WIDTH, WIDTH);
    private static final int CHUNK = 32;

    @Option(names = "--context", split = ",", defaultValue = "1024,4064", description = "tokens of each sequence")
    private List<Integer> contexts = List.of();

    @Option(
            names = "--pages",
            split = ",",
            defaultValue = "32,64,128,256",
            description = "slots of a page; multiples of 32")
    private List<Integer> pages = List.of();

    @Option(names = "--sequences", defaultValue = "4")
    private int sequences;

    @Option(names = "--layers", defaultValue = "8")
    private int layers;

    @Option(names = "--kv", defaultValue = "keys=f16 values=f16")
    private String recipe = "";

    @Option(names = "--samples", defaultValue = "15")
    private int samples;

    private record Layout(String name, int slots, long block) {}

    /** A layout with everything in it. */
    private final class Bed implements AutoCloseable {
        final Layout layout;
        final PagePool pool;
        final List<KvCache> caches = new ArrayList<>();
        final double[] seconds = new double[samples];
        final long fillNanos;
        long freeNanos;

        Bed(Memory memory, Layout layout, int context, KvRecipe kv, MemorySegment rows) {
            this.layout = layout;
            long tile = PageLayout.leastBytes(STREAM, kv);
            long pageBytes = tile * (layout.slots / CHUNK);
            int wanted = Math.ceilDiv(context, layout.slots) * layers * sequences;
            this.pool = new PagePool(memory, wanted, pageBytes, layout.block);
            KvShape shape = new KvShape(Collections.nCopies(layers, STREAM));
            for (int s = 0; s < sequences; s++) {
                caches.add(new KvCache(shape, Collections.nCopies(layers, kv), pool));
            }
            long begin = System.nanoTime();
            for (int at = 0; at < context; at += CHUNK) {
                for (KvCache cache : caches) {
                    for (int l = 0; l < layers; l++) cache.append(l, at, CHUNK, rows, rows);
                    cache.settle(at + CHUNK);
                }
            }
            this.fillNanos = System.nanoTime() - begin;
        }

        @Override
        public void close() {
            long begin = System.nanoTime();
            caches.forEach(KvCache::close);
            freeNanos = System.nanoTime() - begin;
            pool.close();
        }
    }

    @Override
    public void run() {
        Cpu cpu = Cpu.detect();
        KvRecipe kv = KvRecipe.parse(recipe);
        try (Memory memory = Memory.withBudget(Long.MAX_VALUE);
                KernelChoice kernels = KernelProviders.choose(cpu, null, memory);
                Workers workers = Workers.of(cpu.cores());
                CpuOps ops = new CpuOps(memory, workers, kernels, sequences);
                Region room = memory.reserve("activations", 64 << 20)) {
            KvAttention attention = new KvAttention(ops, kv, STREAM, QUERY_HEADS);
            for (int context : contexts) measure(memory, attention, context, kv, new Scratch(room.bytes()));
        }
    }

    private void measure(Memory memory, KvAttention attention, int context, KvRecipe kv, Scratch scratch) {
        int whole = Math.ceilDiv(context, CHUNK) * CHUNK;
        List<Layout> layouts = new ArrayList<>();
        for (int slots : pages) {
            layouts.add(new Layout("pages of " + slots, slots, PagePool.LEAST_BLOCK));
            layouts.add(new Layout("pages of " + slots + ", huge", slots, Memory.HUGE_PAGE));
        }
        layouts.add(new Layout("one run", whole, PagePool.LEAST_BLOCK));
        layouts.add(new Layout("one run, huge", whole, Memory.HUGE_PAGE));
        MemorySegment rows = scratch.floats((long) CHUNK * HEADS * WIDTH);
        fill(rows, CHUNK * HEADS * WIDTH);
        MemorySegment queries = scratch.floats((long) sequences * QUERY_HEADS * WIDTH);
        fill(queries, sequences * QUERY_HEADS * WIDTH);
        MemorySegment out = scratch.floats((long) sequences * QUERY_HEADS * WIDTH);
        List<Bed> beds = new ArrayList<>();
        for (Layout l : layouts) beds.add(new Bed(memory, l, context / CHUNK * CHUNK, kv, rows));
        for (int sample = -3; sample < samples; sample++) {
            for (Bed bed : beds) {
                double seconds = attend(bed, attention, queries, out, scratch);
                if (sample >= 0) bed.seconds[sample] = seconds;
            }
        }
        beds.forEach(Bed::close);
        double bytes = (double) context / CHUNK * layers * sequences * PageLayout.leastBytes(STREAM, kv);
        for (Bed bed : beds) show(bed, context, bytes, beds.getFirst());
    }

    private static void fill(MemorySegment floats, int count) {
        for (int i = 0; i < count; i++) floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) Math.sin(i));
    }

    private double attend(Bed bed, KvAttention attention, MemorySegment q, MemorySegment out, Scratch scratch) {
        List<Span> spans = new ArrayList<>();
        for (KvCache cache : bed.caches) spans.add(new Span(cache, spans.size(), 1, cache.settled() - 1));
        long begin = System.nanoTime();
        for (int l = 0; l < layers; l++) {
            attention.run(
                    l,
                    new AttentionBatch(
                            spans, q, QUERY_HEADS, Mask.CAUSAL, 0.125f, 0, out, null, Numerics.FAST, scratch));
        }
        return (System.nanoTime() - begin) / 1e9;
    }

    private void show(Bed bed, int context, double bytes, Bed first) {
        System.out.printf(
                Locale.ROOT,
                "context %5d, sequences %d: %-18s attention %7.2f GB/s (%5.1f %% of the first), rows in %6.2f us,"
                        + " back in %5.2f us for 4 KiB%n",
                context,
                sequences,
                bed.layout.name,
                bytes / median(bed) / 1e9,
                100 * median(first) / median(bed),
                bed.fillNanos / 1e3 / (bytes / 4096),
                bed.freeNanos / 1e3 / (bytes / 4096));
    }

    private static double median(Bed bed) {
        double[] sorted = bed.seconds.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
