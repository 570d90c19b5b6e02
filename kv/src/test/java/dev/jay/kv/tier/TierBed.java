// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.tier;

import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.PrefixKey;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.kv.prefix.Recall;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A tier over strides whose pages follow from their number, so that whatever comes back can be told right or wrong. */
final class TierBed implements AutoCloseable {
    static final int TOKENS = 8;
    static final int PAGES = 3;
    static final int PAGE_BYTES = 4096;
    static final PrefixKey ROOT = PrefixKey.of(new byte[] {1});

    private final Memory memory = Memory.withBudget(64 << 20);
    private final PagePool pool = new PagePool(memory, PAGES, PAGE_BYTES);
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    final FileTier tier;

    TierBed(Path path, byte[] identity, int slots) throws IOException {
        long slot = 4096 + PAGES * PAGE_BYTES;
        try {
            tier = new FileTier(
                    path,
                    new FileTier.Format(identity, TOKENS, PAGES),
                    4096 + slots * slot,
                    Recall.ALWAYS,
                    pool,
                    memory,
                    thread,
                    () -> {});
        } catch (IOException | RuntimeException e) {
            thread.close();
            pool.close();
            memory.close();
            throw e;
        }
    }

    static int[] tokens(int number) {
        int[] tokens = new int[TOKENS - number % 2]; // some are parts
        java.util.Arrays.fill(tokens, number);
        return tokens;
    }

    private static long[] contents(int number) {
        return new SplittableRandom(number).longs(PAGES * PAGE_BYTES / 8).toArray();
    }

    void demote(int number) {
        int[] pages = new int[PAGES];
        long[] contents = contents(number);
        for (int p = 0; p < PAGES; p++) {
            pages[p] = pool.lease();
            MemorySegment.copy(
                    contents, p * PAGE_BYTES / 8, pool.bytes(pages[p]), ValueLayout.JAVA_LONG, 0, PAGE_BYTES / 8);
        }
        tier.demote(ROOT, tokens(number), pages, true);
        for (int page : pages) pool.release(page);
    }

    void awaitWritten(int count) {
        while (tier.stats().written() < count) Thread.onSpinWait();
    }

    /** Whether it is there; fails if something else is. */
    boolean holds(int number) {
        PrefixTier.Chunk chunk = tier.find(ROOT, tokens(number));
        if (chunk == null || !java.util.Arrays.equals(chunk.tokens(), tokens(number))) return false;
        try (PrefixTier.Reading reading = tier.read(chunk)) {
            while (!reading.isDone()) Thread.onSpinWait();
            if (reading.bytes() == null) return false;
            long[] read = reading.bytes().toArray(ValueLayout.JAVA_LONG);
            if (!java.util.Arrays.equals(read, contents(number))) throw new AssertionError("not what was written");
            return true;
        }
    }

    @Override
    public void close() {
        tier.close();
        thread.close();
        pool.close();
        memory.close();
    }

    /** Demotes for ever, round and round; tells when the file has been opened. */
    public static void main(String[] args) throws IOException {
        try (TierBed bed = new TierBed(Path.of(args[0]), new byte[32], Integer.parseInt(args[1]))) {
            System.out.println("open");
            for (int i = Integer.parseInt(args[2]); ; i++) bed.demote(i % 1000);
        }
    }
}
