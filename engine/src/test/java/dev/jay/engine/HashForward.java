// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.Stride;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Logits are a hash of every token that the cache holds, so whatever is lost, doubled or swapped changes the answer.
 * Pages come from a real pool. Some tokens are poison: they make the pass fail, or its logits NaN.
 */
final class HashForward implements Forward {
    static final int VOCABULARY = 64;
    static final int FAILS = 60; // in a prompt: the pass fails
    static final int NOT_A_NUMBER = 61; // in a prompt: logits after it are NaN
    private static final int SLOTS = 4; // tokens a page
    private static final int MARK = 1024;

    private final PagePool pool;
    private final int mostTokens;
    private final int mostRows;
    int passes;
    int widest; // most slices of one pass
    long tokensRun;

    HashForward(Memory memory, int pages, int mostTokens, int mostRows) {
        this.pool = new PagePool(memory, pages, 64);
        this.mostTokens = mostTokens;
        this.mostRows = mostRows;
    }

    /** Tokens lie in pages, and only there: a page that is shared wrongly gives a wrong answer. */
    private final class Cache implements SequenceCache {
        private final int perPage;
        private final List<Integer> pages = new ArrayList<>();
        private int length;
        private boolean closed;

        Cache(Numerics numerics) {
            this.perPage = slots(numerics);
        }

        void append(int[] tokens, int from, int count) {
            if (closed) throw new IllegalStateException("used after it was closed");
            for (int i = from; i < from + count; i++) {
                if (length % perPage == 0) pages.add(pool.lease());
                if (pool.isShared(pages.getLast())) throw new AssertionError("written to while others hold it");
                pool.bytes(pages.getLast()).setAtIndex(Floats.INT, length++ % perPage, tokens[i]);
            }
        }

        int[] tokens() {
            int[] tokens = new int[length];
            for (int i = 0; i < length; i++)
                tokens[i] = pool.bytes(pages.get(i / perPage)).getAtIndex(Floats.INT, i % perPage);
            return tokens;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public int strideTokens() {
            return perPage;
        }

        @Override
        public Stride stride(int index) {
            return new Stride(Math.min(perPage, length - index * perPage), new int[] {pages.get(index)});
        }

        @Override
        public void adopt(Stride stride, int tokens) {
            if (length % perPage != 0 || tokens > stride.tokens()) throw new AssertionError("adopted out of order");
            if (tokens == perPage) {
                pool.retain(stride.pages()[0]);
                pages.add(stride.pages()[0]);
                length += tokens;
            } else {
                append(contents(stride.pages()[0]), 0, tokens);
            }
        }

        @Override
        public void replace(int index, Stride same) {
            int own = pages.get(index);
            if (!Arrays.equals(contents(own), 0, perPage, contents(same.pages()[0]), 0, perPage)) {
                throw new AssertionError("replaced by what is not the same");
            }
            pool.retain(same.pages()[0]);
            pool.release(own);
            pages.set(index, same.pages()[0]);
        }

        @Override
        public void close() {
            if (closed) throw new IllegalStateException("closed twice");
            pages.forEach(pool::release);
            closed = true;
        }
    }

    private int[] contents(int page) {
        int[] tokens = new int[SLOTS];
        for (int i = 0; i < SLOTS; i++) tokens[i] = pool.bytes(page).getAtIndex(Floats.INT, i);
        return tokens;
    }

    private static int slots(Numerics numerics) {
        return numerics == Numerics.EXACT ? SLOTS / 2 : SLOTS;
    }

    @Override
    public int vocabulary() {
        return VOCABULARY;
    }

    @Override
    public int mostTokens() {
        return mostTokens;
    }

    @Override
    public int mostRows() {
        return mostRows;
    }

    @Override
    public PagePool pool() {
        return pool;
    }

    @Override
    public int strideTokens(Numerics numerics) {
        return slots(numerics);
    }

    @Override
    public int pagesFor(int tokens, Numerics numerics) {
        return Math.ceilDiv(tokens, slots(numerics));
    }

    @Override
    public SequenceCache open(Numerics numerics) {
        return new Cache(numerics);
    }

    @Override
    public MemorySegment run(Numerics numerics, List<Slice> slices) {
        int rows = slices.stream().mapToInt(Slice::rows).sum();
        int tokens = slices.stream().mapToInt(Slice::count).sum();
        if (rows > mostRows || tokens > mostTokens) {
            throw new AssertionError("too much for one pass: rows=" + rows + ", tokens=" + tokens);
        }
        for (Slice s : slices) {
            if (s.count() < 1 || s.from() != s.cache().length()) throw new AssertionError("slice out of order: " + s);
            for (int i = s.from(); i < s.from() + s.count(); i++) {
                if (s.tokens()[i] == FAILS) throw new IllegalStateException("poisoned pass");
            }
        }
        passes++;
        widest = Math.max(widest, slices.size());
        tokensRun += tokens;
        float[] logits = new float[rows * VOCABULARY];
        int row = 0;
        for (Slice s : slices) {
            Cache cache = (Cache) s.cache();
            cache.append(marked(s), s.from(), s.count());
            int[] all = cache.tokens();
            for (int to = s.logitsFrom() + 1; to <= all.length; to++, row++) fill(logits, row, all, to);
        }
        return MemorySegment.ofArray(logits);
    }

    /** What an adapter changed is another row: one that was taken over from others gives a wrong answer. */
    private static int[] marked(Slice s) {
        if (s.adapters().equals(AdapterMix.NONE)) return s.tokens();
        int mark = 1 + Math.floorMod(s.adapters().salt().hashCode(), 1000);
        return Arrays.stream(s.tokens()).map(t -> t + mark * MARK).toArray();
    }

    private static void fill(float[] logits, int row, int[] tokens, int length) {
        long hash = 1469598103934665603L;
        boolean broken = false;
        for (int i = 0; i < length; i++) {
            hash = (hash ^ tokens[i]) * 1099511628211L + i;
            broken |= tokens[i] % MARK == NOT_A_NUMBER;
        }
        SplittableRandom random = new SplittableRandom(hash);
        for (int t = 0; t < VOCABULARY; t++) {
            float logit = (float) (8 * random.nextDouble());
            if (t >= FAILS) logit = -100; // never chosen
            logits[row * VOCABULARY + t] = broken ? Float.NaN : logit;
        }
    }

    static float logit(int[] tokens, int length, int token) {
        float[] row = new float[VOCABULARY];
        fill(row, 0, tokens, length);
        return Floats.get(MemorySegment.ofArray(row), token);
    }

    @Override
    public void close() {
        pool.close();
    }
}
