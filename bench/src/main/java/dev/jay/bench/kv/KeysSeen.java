// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.kv.Beside;
import dev.jay.kv.KvSource;
import dev.jay.kv.SeenQueries;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** Copies the keys that come to a cache, and one query of each. */
final class KeysSeen extends Beside {
    private final int perLayer;
    private final int width;
    private final float[][] heads;
    private final float[][] queries;

    /**
     * @param perLayer heads of a layer
     * @param heads    of all layers: [tokens][width]
     * @param queries  of the first query head of each: [tokens][width]
     */
    KeysSeen(KvSource cache, int perLayer, int width, float[][] heads, float[][] queries) {
        super(cache);
        this.perLayer = perLayer;
        this.width = width;
        this.heads = heads;
        this.queries = queries;
    }

    @Override
    public int watchedFrom(int stream, int to) {
        return 0;
    }

    @Override
    public void see(int stream, int head, SeenQueries seen) {
        for (int i = 0; i < seen.count(); i++) {
            long from = 4L * ((long) (seen.row() + i) * seen.queryHeads() + (long) head * seen.group()) * width;
            float[] to = queries[stream * perLayer + head];
            MemorySegment.copy(seen.queries(), Floats.LAYOUT, from, to, (seen.position() + i) * width, width);
        }
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values, Ops ops) {
        for (int t = 0; t < count; t++) {
            for (int h = 0; h < perLayer; h++) {
                long from = 4L * (t * perLayer + h) * width;
                float[] to = heads[stream * perLayer + h];
                MemorySegment.copy(keys, Floats.LAYOUT, from, to, (position + t) * width, width);
            }
        }
        super.append(stream, position, count, keys, values, ops);
    }
}
