// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.Beside;
import dev.jay.kv.HeadRows;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.SeenQueries;
import dev.jay.kv.filter.KvFilter;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/**
 * Holds the last queries of a prompt, in one layer, against every key before them. What each of them comes to stands by
 * itself until the prompt is whole, so neither steps nor a pass that is repeated matter; query heads and queries are summed
 * in order, whoever works on which.
 */
final class LastQueries extends Beside {
    private static final int TILE = 64; // tokens whose keys are decoded at a time

    private final int stream;
    private final KvStream shape;
    private final int prompt;
    private final int from; // the first query that is looked at
    private final boolean shares;
    private final float[][][] spent; // [head][query][token]

    LastQueries(KvSource cache, KvFilter filter, int stream, KvStream shape, int prompt) {
        super(cache);
        this.stream = stream;
        this.shape = shape;
        this.prompt = prompt;
        this.from = Math.max(0, prompt - filter.window());
        this.shares = filter.shares();
        this.spent = new float[shape.heads()][prompt - from][];
    }

    @Override
    public int watchedFrom(int of, int to) {
        return of == stream ? Math.min(from, to) : to;
    }

    @Override
    public void see(int of, int head, SeenQueries seen) {
        for (int i = 0; i < seen.count(); i++) spent[head][seen.position() + i - from] = new float[prompt];
        float[][] queries = new float[seen.count() * seen.group()][shape.keyWidth()];
        for (int i = 0; i < queries.length; i++) {
            long row = (long) (seen.row() + i / seen.group()) * seen.queryHeads()
                    + (long) head * seen.group()
                    + i % seen.group();
            for (int c = 0; c < shape.keyWidth(); c++)
                queries[i][c] = Floats.get(seen.queries(), row * shape.keyWidth() + c);
        }
        float[] keys = keys(head, seen.position(), seen.position() + seen.count());
        float[] products = new float[prompt];
        for (int i = 0; i < queries.length; i++) {
            int position = seen.position() + i / seen.group();
            for (int t = 0; t <= position; t++) {
                float dot = 0;
                for (int c = 0; c < shape.keyWidth(); c++) dot += queries[i][c] * keys[t * shape.keyWidth() + c];
                products[t] = dot;
            }
            if (shares) share(products, position + 1, seen.scale());
            float[] to = spent[head][position - from];
            for (int t = 0; t <= position; t++) to[t] += products[t];
        }
    }

    /** Of tokens [0, to), as they are kept; of what a pass that begins at {@code pass} has sealed, as they were before. */
    private float[] keys(int head, int pass, int to) {
        int group = recipe(stream).group();
        int open = group == 1 ? to : pass / group * group;
        int tile = group == 1 ? TILE : group;
        float[] keys = new float[to * shape.keyWidth()];
        MemorySegment into = MemorySegment.ofArray(keys);
        MemorySegment values = MemorySegment.ofArray(new float[tile * shape.valueWidth()]);
        for (int at = 0; at < to; at += tile) {
            int end = Math.min(to, at + tile);
            HeadRows rows = new HeadRows(into, 4L * at * shape.keyWidth(), values, 0);
            if (at < open) coded(stream, head, at, end, rows);
            else recent(stream, head, at, end, rows);
        }
        return keys;
    }

    private static void share(float[] products, int count, float scale) {
        float most = Float.NEGATIVE_INFINITY;
        for (int t = 0; t < count; t++) most = Math.max(most, products[t]);
        double sum = 0;
        for (int t = 0; t < count; t++) {
            products[t] = (float) StrictMath.exp((products[t] - most) * scale);
            sum += products[t];
        }
        for (int t = 0; t < count; t++) products[t] /= (float) sum;
    }

    /** Of all heads and queries, by token. */
    double[] sums() {
        double[] sums = new double[prompt];
        for (float[][] its : spent) {
            for (float[] query : its) for (int t = 0; t < prompt; t++) sums[t] += query[t];
        }
        return sums;
    }
}
