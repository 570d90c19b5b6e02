// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.Beside;
import dev.jay.kv.HeadRows;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.SeenQueries;
import dev.jay.kv.filter.KvFilter;
import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Holds the last queries of a prompt, in one layer, against every key before them, as attention sees it: a tile of tokens
 * at a time. What they come to is summed for each KV head, query after query, in pages of the pool: once for the passes that
 * are history, once with the pass that is on its way, which may be repeated. So neither steps nor who works on which matter.
 * Owns its pages.
 */
final class LastQueries extends Beside implements AutoCloseable {
    private static final int TILE = 64; // tokens whose keys are decoded at a time
    private static final int SUMS = 2; // for each head: of history, and with the pass

    private final int stream;
    private final KvStream shape;
    private final PagePool pool;
    private final int prompt;
    private final int from; // the first query that is looked at
    private final boolean shares;
    private final int[] upTo; // of each head: the pass's sums are of queries before this one; -1: of none
    private int settled; // the other sums are of queries before this one
    private int passing; // which of both are the pass's
    private int[] pages = {};

    LastQueries(KvSource cache, KvFilter filter, int stream, KvStream shape, PagePool pool, int prompt) {
        super(cache);
        this.stream = stream;
        this.shape = shape;
        this.pool = pool;
        this.prompt = prompt;
        this.from = Math.max(0, prompt - filter.window());
        this.shares = filter.shares();
        this.upTo = new int[shape.heads()];
        this.settled = from;
        Arrays.fill(upTo, -1);
    }

    /** Pages of sums for a prompt of so many tokens. */
    static int pagesFor(int tokens, KvStream shape, long pageBytes) {
        return Math.toIntExact(Math.ceilDiv((long) SUMS * shape.heads() * tokens, pageBytes / Double.BYTES));
    }

    @Override
    public int watchedFrom(int of, int to) {
        return of == stream ? Math.min(from, to) : to;
    }

    @Override
    public void beginSeeing(int of) {
        if (pages.length > 0) return;
        int[] leased = new int[pagesFor(prompt, shape, pool.pageBytes())];
        for (int p = 0; p < leased.length; p++) leased[p] = pool.lease();
        pages = leased;
        for (int h = 0; h < shape.heads(); h++) for (int t = 0; t < prompt; t++) set(sum(h, 1 - passing, t), 0);
    }

    @Override
    public void see(int of, int head, SeenQueries seen) {
        if (seen.position() != upTo[head]) { // the pass begins, perhaps again
            if (seen.position() != settled) {
                throw new IllegalStateException(
                        "queries seen out of order: position=" + seen.position() + ", history ends at " + settled);
            }
            for (int t = 0; t < prompt; t++) set(sum(head, passing, t), get(sum(head, 1 - passing, t)));
        }
        Tiles tiles = new Tiles(head, seen);
        if (shares) tiles.run(tiles::measure);
        tiles.run(tiles::add);
        upTo[head] = seen.position() + seen.count();
    }

    /** The keys of a head, tile by tile, against some queries of it. */
    private final class Tiles {
        private final int head;
        private final SeenQueries seen;
        private final int group;
        private final HeadRows sealed; // one tile of each
        private final HeadRows recent;
        private final float[] most; // product of each query and query head, so far
        private final double[] sum; // of powers of what they are below it

        Tiles(int head, SeenQueries seen) {
            this.head = head;
            this.seen = seen;
            this.group = recipe(stream).group();
            this.sealed = room();
            this.recent = room();
            this.most = new float[seen.count() * seen.group()];
            this.sum = new double[most.length];
            Arrays.fill(most, Float.NEGATIVE_INFINITY);
        }

        private int tile() {
            return group == 1 ? TILE : group;
        }

        private HeadRows room() {
            MemorySegment keys = MemorySegment.ofArray(new float[tile() * shape.keyWidth()]);
            return new HeadRows(keys, 0, MemorySegment.ofArray(new float[tile() * shape.valueWidth()]), 0);
        }

        /** Gives each query the tokens that it sees of each tile: of its own group as they were before they were sealed. */
        void run(Taker taker) {
            int end = seen.position() + seen.count();
            for (int at = 0; at < end; at += tile()) {
                int to = Math.min(end, at + tile());
                boolean isSealed = at < ownGroup(end - 1);
                boolean isRecent = to > ownGroup(seen.position()) && group > 1;
                if (isSealed) coded(stream, head, at, to, sealed);
                if (isRecent) recent(stream, head, at, to, recent);
                for (int i = 0; i < most.length; i++) {
                    int position = seen.position() + i / seen.group();
                    MemorySegment keys = (at < ownGroup(position) ? sealed : recent).keys();
                    for (int t = at; t < Math.min(to, position + 1); t++) taker.take(i, t, product(i, keys, t - at));
                }
            }
        }

        private int ownGroup(int position) {
            return group == 1 ? position + 1 : position / group * group;
        }

        private float product(int i, MemorySegment keys, int token) {
            long row = (long) (seen.row() + i / seen.group()) * seen.queryHeads()
                    + (long) head * seen.group()
                    + i % seen.group();
            int width = shape.keyWidth();
            float dot = 0;
            for (int c = 0; c < width; c++) {
                dot += Floats.get(seen.queries(), row * width + c) * Floats.get(keys, (long) token * width + c);
            }
            return dot;
        }

        void measure(int i, int token, float product) {
            if (product > most[i]) {
                sum[i] *= StrictMath.exp((most[i] - product) * seen.scale());
                most[i] = product;
            }
            sum[i] += power(i, product);
        }

        private double power(int i, float product) {
            return StrictMath.exp((product - most[i]) * seen.scale());
        }

        void add(int i, int token, float product) {
            long to = sum(head, passing, token);
            set(to, get(to) + (shares ? power(i, product) / sum[i] : product));
        }
    }

    /** What takes the product of a query and query head with a token's key. */
    private interface Taker {
        void take(int query, int token, float product);
    }

    private long sum(int head, int which, int token) {
        return ((long) head * SUMS + which) * prompt + token;
    }

    private double get(long index) {
        long each = pool.pageBytes() / Double.BYTES;
        return pool.bytes(pages[(int) (index / each)]).get(ValueLayout.JAVA_DOUBLE, index % each * Double.BYTES);
    }

    private void set(long index, double value) {
        long each = pool.pageBytes() / Double.BYTES;
        pool.bytes(pages[(int) (index / each)]).set(ValueLayout.JAVA_DOUBLE, index % each * Double.BYTES, value);
    }

    /** Ends a pass that brought the prompt to so many tokens. */
    void settle(int tokens) {
        if (tokens > settled) {
            settled = tokens;
            passing = 1 - passing;
        }
        Arrays.fill(upTo, -1);
    }

    /** A pass failed. */
    void takeBack() {
        Arrays.fill(upTo, -1);
    }

    /** Of all heads and queries, by token: with those of the pass. */
    double[] sums() {
        double[] sums = new double[prompt];
        for (int h = 0; h < shape.heads(); h++) for (int t = 0; t < prompt; t++) sums[t] += get(sum(h, passing, t));
        return sums;
    }

    @Override
    public void close() {
        for (int page : pages) pool.release(page);
        pages = new int[0];
    }
}
