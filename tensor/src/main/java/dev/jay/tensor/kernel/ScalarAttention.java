// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.WeightFormat;

/** The definition of attention: tile by tile, a running maximum and sum for each query. */
final class ScalarAttention implements AttentionKernel {
    private final WeightFormat keys;
    private final WeightFormat values;

    ScalarAttention(WeightFormat keys, WeightFormat values) {
        this.keys = keys;
        this.values = values;
    }

    /** [row: widest of key and value][scores: TILE][max, sum: queries x 2], f32. */
    @Override
    public long scratchBytes(Task task) {
        return Float.BYTES * (Math.max(task.keyWidth, task.valueWidth) + (long) TILE + 2L * task.queries);
    }

    @Override
    public void run(Task task, long scratch) {
        long scores = scratch + (long) Math.max(task.keyWidth, task.valueWidth) * Float.BYTES;
        long running = scores + TILE * Float.BYTES;
        for (int i = 0; i < task.queries; i++) {
            Raw.set(running, 2L * i, Float.NEGATIVE_INFINITY);
            Raw.set(running, 2L * i + 1, 0);
            for (int d = 0; d < task.valueWidth; d++) Raw.set(task.out, i * task.outStride + d, 0);
        }
        for (int tile = task.fromSlot; tile < task.toSlot; tile += TILE) {
            int end = Math.min(tile + TILE, task.toSlot);
            for (int i = 0; i < task.queries; i++) {
                int from = Math.max(tile, task.visibleFrom[i]);
                int to = Math.min(end, task.visibleTo[i]);
                if (from < to) attend(task, i, from, to, scratch, scores, running + 2L * i * Float.BYTES);
            }
        }
        for (int i = 0; i < task.queries; i++) finish(task, i, running + 2L * i * Float.BYTES);
    }

    private void attend(Task task, int query, int from, int to, long row, long scores, long running) {
        float before = Raw.get(running, 0);
        float max = before;
        for (int s = from; s < to; s++) {
            long at = task.pages[s / task.pageSlots] + (s % task.pageSlots) * task.keyRowBytes;
            keys.decode(Raw.ALL, at, task.keyWidth, Raw.ALL, row);
            float dot = 0;
            for (int d = 0; d < task.keyWidth; d++) {
                dot += Raw.get(task.query, query * task.queryStride + d) * Raw.get(row, d);
            }
            float score = dot * task.scale;
            if (task.softCap != 0) score = (float) (task.softCap * Math.tanh(score / task.softCap));
            if (task.bias != 0) score += Raw.get(task.bias, s - task.fromSlot);
            Raw.set(scores, s - from, score);
            max = Math.max(max, score);
        }
        if (max == Float.NEGATIVE_INFINITY) return; // nothing with any weight yet
        float keep = (float) Math.exp(before - max);
        float sum = Raw.get(running, 1) * keep;
        long out = query * task.outStride;
        for (int d = 0; d < task.valueWidth; d++) Raw.set(task.out, out + d, Raw.get(task.out, out + d) * keep);
        for (int s = from; s < to; s++) {
            float weight = (float) Math.exp(Raw.get(scores, s - from) - max);
            sum += weight;
            long page = task.pages[s / task.pageSlots] + task.valuesOffset;
            values.decode(Raw.ALL, page + (s % task.pageSlots) * task.valueRowBytes, task.valueWidth, Raw.ALL, row);
            for (int d = 0; d < task.valueWidth; d++) {
                Raw.set(task.out, out + d, Raw.get(task.out, out + d) + weight * Raw.get(row, d));
            }
        }
        Raw.set(running, 0, max);
        Raw.set(running, 1, sum);
    }

    private static void finish(Task task, int query, long running) {
        float sum = Raw.get(running, 1);
        long out = query * task.outStride;
        if (sum != 0) {
            float share = 1 / sum;
            for (int d = 0; d < task.valueWidth; d++) Raw.set(task.out, out + d, Raw.get(task.out, out + d) * share);
        }
        Raw.set(task.lse, query * task.lseStride, (float) (Raw.get(running, 0) + Math.log(sum)));
    }
}
