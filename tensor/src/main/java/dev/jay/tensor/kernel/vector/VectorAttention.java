// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.kernel.AttentionKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Tile by tile: keys and values are decoded once into working space, then each query takes what it sees of them. A query
 * keeps its own running maximum, sum and output; it reads nothing of the others.
 */
final class VectorAttention implements AttentionKernel {
    private static final int ALIGNMENT = 64;

    private final RowCode keys;
    private final RowCode values;

    VectorAttention(RowCode keys, RowCode values) {
        this.keys = keys;
        this.values = values;
    }

    /** Where the parts of the working space are; widths are padded with zeros. */
    private record Room(
            int keyWidth, int valueWidth, long key, long value, long scores, long query, long out, long running) {
        static Room at(Task task, long scratch) {
            int k = Lanes.padded(task.keyWidth);
            int v = Lanes.padded(task.valueWidth);
            long key = (scratch + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            long value = key + TILE * (k * 4L);
            long scores = value + TILE * (v * 4L);
            long query = scores + TILE * 4L;
            long out = query + task.queries * (k * 4L);
            return new Room(k, v, key, value, scores, query, out, out + task.queries * (v * 4L));
        }

        long end(int queries) {
            return running + queries * 8L;
        }
    }

    @Override
    public long scratchBytes(Task task) {
        return Room.at(task, 0).end(task.queries) + ALIGNMENT;
    }

    @Override
    public void run(Task task, long scratch) {
        Room room = Room.at(task, scratch);
        begin(task, room);
        for (int tile = task.fromSlot; tile < task.toSlot; tile += TILE) {
            int end = Math.min(tile + TILE, task.toSlot);
            boolean decoded = false;
            for (int i = 0; i < task.queries; i++) {
                int from = Math.max(tile, task.visibleFrom[i]) - tile;
                int to = Math.min(end, task.visibleTo[i]) - tile;
                if (from >= to) continue;
                if (!decoded) decode(task, room, tile, end);
                decoded = true;
                attend(task, room, i, tile, from, to);
            }
        }
        for (int i = 0; i < task.queries; i++) finish(task, room, i);
    }

    private static void begin(Task task, Room room) {
        for (int i = 0; i < task.queries; i++) {
            long from = task.query + i * task.queryStride * 4;
            long to = room.query + i * (room.keyWidth * 4L);
            for (int d = 0; d < task.keyWidth; d++) Lanes.set(to + d * 4L, Lanes.get(from + d * 4L));
            RowCode.zeroTail(to, task.keyWidth);
            long out = room.out + i * (room.valueWidth * 4L);
            for (int d = 0; d < room.valueWidth; d++) Lanes.set(out + d * 4L, 0);
            Lanes.set(room.running + i * 8L, Float.NEGATIVE_INFINITY);
            Lanes.set(room.running + i * 8L + 4, 0);
        }
    }

    private void decode(Task task, Room room, int tile, int end) {
        long page = task.pages[tile / task.pageSlots]; // a tile lies in one page
        int slot = tile % task.pageSlots;
        for (int s = 0; s < end - tile; s++) {
            long key = page + (slot + s) * task.keyRowBytes;
            long value = page + task.valuesOffset + (slot + s) * task.valueRowBytes;
            keys.decode(key, task.keyWidth, room.key + s * (room.keyWidth * 4L));
            values.decode(value, task.valueWidth, room.value + s * (room.valueWidth * 4L));
        }
    }

    private static void attend(Task task, Room room, int query, int tile, int from, int to) {
        long q = room.query + query * (room.keyWidth * 4L);
        for (int i = 0; i < TILE; i += Lanes.LENGTH) {
            Lanes.store(Lanes.all(Float.NEGATIVE_INFINITY), room.scores + i * 4L);
        }
        for (int s = from; s < to; s++) {
            float score = dot(room.key + s * (room.keyWidth * 4L), q, room.keyWidth) * task.scale;
            Lanes.set(room.scores + s * 4L, score);
        }
        if (task.softCap != 0) cap(room.scores, task.softCap);
        if (task.bias != 0) addBias(room.scores, task.bias + (tile - task.fromSlot) * 4L, from, to);
        long running = room.running + query * 8L;
        float before = Lanes.get(running);
        float max = max(room.scores, before);
        if (max == Float.NEGATIVE_INFINITY) return; // nothing with any weight yet
        float keep = (float) Math.exp(before - max);
        float sum = weigh(room.scores, max);
        Lanes.set(running, max);
        Lanes.set(running + 4, Lanes.get(running + 4) * keep + sum);
        long out = room.out + query * (room.valueWidth * 4L);
        for (int d = 0; d < room.valueWidth; d += 2 * Lanes.LENGTH) {
            addWeighted(room.value + d * 4L, room.valueWidth * 4, room.scores, from, to, keep, out + d * 4L);
        }
    }

    private static float dot(long keyRow, long queryRow, int width) {
        long key = Lanes.trusted(keyRow);
        long query = Lanes.trusted(queryRow);
        FloatVector even = FloatVector.zero(Lanes.F);
        FloatVector odd = even;
        for (int i = 0; i < width; i += 2 * Lanes.LENGTH) {
            long k = key + i * 4L;
            long q = query + i * 4L;
            even = Lanes.floats(k).fma(Lanes.floats(q), even);
            odd = Lanes.floats(k + Lanes.BYTES).fma(Lanes.floats(q + Lanes.BYTES), odd);
        }
        return Lanes.sum(even.add(odd));
    }

    /** cap * tanh(score / cap); tanh(a) = 1 - 2 / (exp(2a) + 1). */
    private static void cap(long scores, float cap) {
        for (int i = 0; i < TILE; i += Lanes.LENGTH) {
            FloatVector s = Lanes.floats(scores + i * 4L);
            FloatVector e = VectorMath.exp(s.mul(2 / cap));
            FloatVector capped = Lanes.all(1f).sub(Lanes.all(2f).div(e.add(1f))).mul(cap);
            Lanes.store(capped.blend(s, s.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY)), scores + i * 4L);
        }
    }

    private static void addBias(long scores, long bias, int from, int to) {
        for (int s = from; s < to; s++)
            Lanes.set(scores + s * 4L, Lanes.get(scores + s * 4L) + Lanes.get(bias + s * 4L));
    }

    private static float max(long scores, float before) {
        float max = before;
        for (int i = 0; i < TILE; i++) max = Math.max(max, Lanes.get(scores + i * 4L));
        return max;
    }

    /** Turns scores into weights; their sum. Slots that are not seen weigh nothing. */
    private static float weigh(long scores, float max) {
        FloatVector sum = FloatVector.zero(Lanes.F);
        for (int i = 0; i < TILE; i += Lanes.LENGTH) {
            FloatVector e = VectorMath.exp(Lanes.floats(scores + i * 4L).sub(max));
            Lanes.store(e, scores + i * 4L);
            sum = sum.add(e);
        }
        return Lanes.sum(sum);
    }

    /** out = out * keep + sum of weight * value, for two vectors of a row. */
    private static void addWeighted(long rows, int rowBytes, long scores, int from, int to, float keep, long sums) {
        long value = Lanes.trusted(rows);
        long weights = Lanes.trusted(scores);
        long out = Lanes.trusted(sums);
        FloatVector a = Lanes.floats(out).mul(keep);
        FloatVector b = Lanes.floats(out + Lanes.BYTES).mul(keep);
        for (int s = from; s < to; s++) {
            FloatVector weight = Lanes.all(Lanes.get(weights + s * 4L));
            long row = value + s * (long) rowBytes;
            a = Lanes.floats(row).fma(weight, a);
            b = Lanes.floats(row + Lanes.BYTES).fma(weight, b);
        }
        Lanes.store(a, out);
        Lanes.store(b, out + Lanes.BYTES);
    }

    private static void finish(Task task, Room room, int query) {
        float max = Lanes.get(room.running + query * 8L);
        float sum = Lanes.get(room.running + query * 8L + 4);
        float share = sum == 0 ? 0 : 1 / sum;
        long from = room.out + query * (room.valueWidth * 4L);
        long out = task.out + query * task.outStride * 4;
        for (int d = 0; d < task.valueWidth; d++) Lanes.set(out + d * 4L, Lanes.get(from + d * 4L) * share);
        Lanes.set(task.lse + query * task.lseStride * 4, (float) (max + Math.log(sum)));
    }
}
