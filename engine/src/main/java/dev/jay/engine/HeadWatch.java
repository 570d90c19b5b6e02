// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.Beside;
import dev.jay.kv.HeadRows;
import dev.jay.kv.KvSource;
import dev.jay.kv.KvStream;
import dev.jay.kv.SeenQueries;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/**
 * Stands between a cache that forgets nothing and its passes, and hands out what the queries from a position on spent, one
 * layer after the other. Borrows the cache. Attention computes as if it were not there.
 */
final class HeadWatch extends Beside {
    /**
     * What is known of one layer when its attention is done.
     *
     * @param weights [query head][query, from the first that is watched][token]
     * @param values  [KV head][token * width + channel]
     */
    record Layer(int stream, float[][][] weights, float[][] values) {}

    private final List<KvStream> streams;
    private final int queryHeads;
    private final int from;
    private final int queries;
    private final Consumer<Layer> taker;
    private Layer layer; // that is run now

    HeadWatch(KvSource cache, List<KvStream> streams, int queryHeads, int from, int queries, Consumer<Layer> taker) {
        super(cache);
        this.streams = streams;
        this.queryHeads = queryHeads;
        this.from = from;
        this.queries = queries;
        this.taker = taker;
    }

    @Override
    public int watchedFrom(int stream, int to) {
        return Math.min(from, to);
    }

    @Override
    public void beginSeeing(int stream) {
        if (layer != null && layer.stream != stream) end();
        if (layer == null) {
            layer = new Layer(
                    stream,
                    new float[queryHeads][queries][],
                    new float[streams.get(stream).heads()][]);
        }
    }

    /** When the last layer is done. */
    void end() {
        if (layer != null) taker.accept(layer);
        layer = null;
    }

    @Override
    public void see(int stream, int head, SeenQueries seen) {
        KvStream shape = streams.get(stream);
        int tokens = seen.position() + seen.count();
        float[] keys = new float[tokens * shape.keyWidth()];
        float[] values = new float[tokens * shape.valueWidth()];
        coded(stream, head, 0, tokens, new HeadRows(MemorySegment.ofArray(keys), 0, MemorySegment.ofArray(values), 0));
        layer.values[head] = values;
        for (int i = 0; i < seen.count(); i++) {
            for (int g = 0; g < seen.group(); g++) {
                int queryHead = head * seen.group() + g;
                layer.weights[queryHead][seen.position() + i - from] =
                        weights(seen, i, queryHead, keys, shape.keyWidth());
            }
        }
    }

    private static float[] weights(SeenQueries seen, int i, int queryHead, float[] keys, int width) {
        float[] weights = new float[seen.position() + i + 1];
        long row = (long) (seen.row() + i) * seen.queryHeads() + queryHead;
        float lse = Floats.get(seen.lse(), row);
        for (int t = 0; t < weights.length; t++) {
            double dot = 0;
            for (int c = 0; c < width; c++) dot += Floats.get(seen.queries(), row * width + c) * keys[t * width + c];
            double score = dot * seen.scale();
            if (seen.softCap() > 0) score = seen.softCap() * StrictMath.tanh(score / seen.softCap());
            weights[t] = (float) StrictMath.exp(Math.min(0, score - lse));
        }
        return weights;
    }
}
