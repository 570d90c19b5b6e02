// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * What queries spent on each slot of a head, computed again from keys and log-sum-exp: exp(q.k * scale + bias - lse), meaned over
 * the query heads that share the head, 0 for those that are not looked at. Keys are decoded once for some queries at a time. In the order of queries, so the
 * result does not depend on how they were cut into passes.
 */
final class AttentionWeights {
    private static final int QUERIES = 32; // at a time
    private static final int SLOTS = 512; // at a time: long loops, and their keys stay in a core's cache

    private final PageTable rows;
    private final SlotTable biases; // null: slots count for one
    private final KvStream shape;
    private final SeenQueries seen;
    private final int head;
    private final int forgotten;
    private final IntPredicate looksAt; // a query head

    AttentionWeights(
            PageTable rows,
            SlotTable biases,
            KvStream shape,
            SeenQueries seen,
            int head,
            int forgotten,
            IntPredicate looksAt) {
        this.rows = rows;
        this.biases = biases;
        this.shape = shape;
        this.seen = seen;
        this.head = head;
        this.forgotten = forgotten;
        this.looksAt = looksAt;
    }

    interface Taker {
        /** @param weights of slots up to the query's own; borrowed */
        void take(int position, float[] weights);
    }

    void forEachQuery(Taker taker) {
        for (int first = 0; first < seen.count(); first += QUERIES) {
            int count = Math.min(QUERIES, seen.count() - first);
            int slots = seen.position() + first + count - forgotten;
            float[][] weights = weights(first, count, slots);
            for (int i = 0; i < count; i++) taker.take(seen.position() + first + i, weights[i]);
        }
    }

    /** Of queries [first, first + count) on all slots up to the last one's. */
    private float[][] weights(int first, int count, int slots) {
        int tile = Math.min(SLOTS, slots);
        float[][] columns =
                new float[shape.keyWidth()][tile]; // of each channel its own: loops over several become vectors
        float[] query = new float[shape.keyWidth()];
        float[] scores = new float[tile];
        float[] raised = new float[tile];
        float[][] weights = new float[count][];
        for (int i = 0; i < count; i++) weights[i] = new float[seen.position() + first + i + 1 - forgotten];
        for (int from = 0; from < slots; from += tile) {
            int to = Math.min(slots, from + tile);
            rows.keyColumns(head, from, to, columns);
            if (biases != null) biases.biases(head, from, to, MemorySegment.ofArray(raised), 0);
            for (int i = 0; i < count; i++) {
                int end = Math.min(to, weights[i].length);
                if (end <= from) continue;
                for (int g = 0; g < seen.group(); g++) {
                    int queryHead = (rows.firstHead() + head) * seen.group() + g;
                    if (!looksAt.test(queryHead)) continue;
                    long row = (long) (seen.row() + first + i) * seen.queryHeads() + queryHead;
                    MemorySegment.copy(seen.queries(), Floats.LAYOUT, row * 4 * query.length, query, 0, query.length);
                    score(query, columns, scores);
                    add(scores, raised, Floats.get(seen.lse(), row), weights[i], from, end);
                }
            }
        }
        return weights;
    }

    /** Channels are added in their order, some in one go. */
    private static void score(float[] query, float[][] columns, float[] scores) {
        Arrays.fill(scores, 0);
        int c = 0;
        for (; c + 4 <= query.length; c += 4) {
            add(
                    query[c],
                    columns[c],
                    query[c + 1],
                    columns[c + 1],
                    query[c + 2],
                    columns[c + 2],
                    query[c + 3],
                    columns[c + 3],
                    scores);
        }
        for (; c < query.length; c++) {
            float q = query[c];
            float[] column = columns[c];
            for (int s = 0; s < scores.length; s++) scores[s] += q * column[s];
        }
    }

    private static void add(
            float q0, float[] k0, float q1, float[] k1, float q2, float[] k2, float q3, float[] k3, float[] scores) {
        for (int s = 0; s < scores.length; s++) {
            scores[s] = scores[s] + q0 * k0[s] + q1 * k1[s] + q2 * k2[s] + q3 * k3[s];
        }
    }

    private void add(float[] scores, float[] raised, float lse, float[] weights, int from, int to) {
        for (int s = from; s < to; s++) {
            float score = scores[s - from] * seen.scale();
            if (seen.softCap() > 0) score = seen.softCap() * (float) StrictMath.tanh(score / seen.softCap());
            weights[s] += exp(Math.min(0, score + raised[s - from] - lse)) / seen.group();
        }
    }

    /** e to the power of x, which is at most 0: relative error below 1e-6, 0 below -87. */
    static float exp(float x) {
        if (!(x > -87)) return 0;
        float t = x * 1.44269504f;
        int whole = (int) (t - 0.5f);
        float f = (t - whole) * 0.693147181f; // within half an octave of 0
        float p = 1
                + f
                        * (1
                                + f
                                        * (0.5f
                                                + f
                                                        * (0.16666667f
                                                                + f
                                                                        * (0.041666667f
                                                                                + f
                                                                                        * (0.0083333333f
                                                                                                + f
                                                                                                        * 0.0013888889f)))));
        return p * Float.intBitsToFloat(whole + 127 << 23);
    }
}
