// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.prefill.PromptBlock;
import java.util.Arrays;

/** What the queries of one KV head have shown in the stretch of a prompt that is run: with {@link PromptPatterns}. */
final class PromptHead implements PromptBlock {
    private final int group;
    private final int width;
    private int count; // units before the stretch
    private int own; // the unit that the block begins with which is run
    private float[] spent = {}; // by unit, summed over queries and heads until the first block is whole, then shares
    private float[] estimated = {};
    private float[] now = {};
    private float[] sums; // [group][width] of the block's queries
    private int[] reads = {}; // units that the block reads before its stretch

    PromptHead(int group, int width) {
        this.group = group;
        this.width = width;
        this.sums = new float[group * width];
    }

    PromptHead copy() {
        PromptHead other = new PromptHead(group, width);
        other.count = count;
        other.own = own;
        other.spent = spent.clone();
        other.estimated = estimated.clone();
        other.now = now.clone();
        other.sums = sums.clone();
        other.reads = reads; // never changed
        return other;
    }

    /** A stretch begins with a unit; its first block has so many. */
    void begin(int unit, int blockUnits) {
        count = unit;
        own = unit;
        spent = new float[unit + blockUnits];
        estimated = new float[0];
        Arrays.fill(sums, 0);
    }

    /** What one query spent on a unit. Of several in their order. */
    void spend(int unit, float share) {
        spent[unit] += share;
    }

    /** Takes a query into the block's mean. @param row [group][width] */
    void add(float[] row) {
        for (int i = 0; i < sums.length; i++) sums[i] += row[i];
    }

    /** The mean queries of so many. */
    float[] means(int queries) {
        float[] means = sums.clone();
        for (int i = 0; i < means.length; i++) means[i] /= queries;
        return means;
    }

    /** The first block is whole. */
    void estimated(float[] shares) {
        estimated = shares;
        float sum = 0;
        for (float s : spent) sum += s;
        for (int u = 0; u < spent.length; u++) spent[u] /= sum;
    }

    /** Another block begins; of the one before it means would spend so. */
    void begin(int unit, float[] shares) {
        own = unit;
        now = shares;
        Arrays.fill(sums, 0);
    }

    void reads(int[] units) {
        reads = units;
    }

    int[] reads() {
        return reads;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public int own() {
        return own;
    }

    @Override
    public float[] spent() {
        return spent;
    }

    @Override
    public float[] estimated() {
        return estimated;
    }

    @Override
    public float[] now() {
        return now;
    }
}
