// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvBed.Sequence;
import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.model.Pass;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Numerics;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The keys of a text, as a model makes them, and what codecs make of them. Errors are relative to how far keys lie from
 * their mean: what all keys of a head have in common changes no attention.
 */
final class KvKeys {
    private final int tokens;
    private final int width;
    private final float[][] heads; // of all layers: [tokens][width]
    private final float[][] queries; // one for each key

    /**
     * @param heads   of all layers: keys[tokens][width]
     * @param queries one for each key
     */
    KvKeys(int tokens, int width, float[][] heads, float[][] queries) {
        this.queries = queries;
        this.tokens = tokens;
        this.width = width;
        this.heads = heads;
    }

    /** Runs the text, whole groups of 32 of at most so many tokens of it. */
    static KvKeys of(KvBed bed, int[] text, int most) {
        int count = Math.min(text.length, most) / 32 * 32;
        if (count == 0) throw new IllegalArgumentException("keys: the text is too short: tokens=" + text.length);
        int perLayer = bed.spec().kvShape().streams().getFirst().heads();
        int width = bed.spec().kvShape().streams().getFirst().keyWidth();
        int layers = bed.spec().kvShape().streams().size();
        float[][] heads = new float[layers * perLayer][count * width];
        float[][] queries = new float[layers * perLayer][count * width];
        try (Sequence sequence = bed.sequence(KvJudge.F16, count)) {
            for (int at = 0; at < count; at += KvBed.ROWS) {
                int rows = Math.min(KvBed.ROWS, count - at);
                KeysSeen seen = new KeysSeen(sequence.cache, perLayer, width, heads, queries);
                int[] tokens = Arrays.copyOfRange(text, at, at + rows);
                long mark = sequence.scratch.mark();
                sequence.transformer.run(Pass.of(
                        tokens, List.of(new Span(seen, 0, rows, at)), new int[0], Numerics.FAST, sequence.scratch));
                sequence.scratch.release(mark);
                sequence.cache.settle(at + rows);
            }
        }
        return new KvKeys(count, width, heads, queries);
    }

    /** With a channel, and the one that turns with it, so many times as large in every head. */
    KvKeys withLarge(int channel, float times) {
        float[][] larger = new float[heads.length][];
        for (int h = 0; h < heads.length; h++) {
            larger[h] = heads[h].clone();
            for (int t = 0; t < tokens; t++) {
                larger[h][t * width + channel] *= times;
                larger[h][t * width + (channel + width / 2) % width] *= times;
            }
        }
        return new KvKeys(tokens, width, larger, queries);
    }

    /** Of each head, how large its largest channel is beside the median of its channels; the median of heads. */
    double largest() {
        double[] each = new double[heads.length];
        for (int h = 0; h < heads.length; h++) {
            double[] sizes = new double[width];
            for (int c = 0; c < width; c++) {
                double squares = 0;
                for (int t = 0; t < tokens; t++) squares += square(heads[h][t * width + c]);
                sizes[c] = Math.sqrt(squares / tokens);
            }
            Arrays.sort(sizes);
            each[h] = sizes[width - 1] / Math.max(1e-9, sizes[width / 2]);
        }
        return KvSpeed.median(each);
    }

    /** How far a channel lies from 0, beside how much it varies within a group: the median of channels. */
    double offset() {
        double[] each = new double[heads.length * width];
        for (int h = 0; h < heads.length; h++) {
            for (int c = 0; c < width; c++) {
                double within = 0;
                double from = 0;
                for (int g = 0; g < tokens; g += 32) {
                    double mean = 0;
                    for (int t = g; t < g + 32; t++) mean += heads[h][t * width + c] / 32;
                    for (int t = g; t < g + 32; t++) within += square(heads[h][t * width + c] - mean);
                    from += 32 * mean * mean;
                }
                each[h * width + c] = Math.sqrt(from / Math.max(1e-12, within));
            }
        }
        return KvSpeed.median(each);
    }

    /**
     * What a codec loses of them.
     *
     * @param before as they were before some channels were made larger, which is undone before errors are summed
     */
    double error(String name, KvKeys before) {
        KvCodec codec = KvCodecs.ALL.make(name);
        int group = codec.group();
        MemorySegment page = MemorySegment.ofArray(new byte[codec.groupBytes(width) + 8]);
        float[] back = new float[group * width];
        MemorySegment to = MemorySegment.ofArray(back);
        double error = 0;
        double all = 0;
        for (int h = 0; h < heads.length; h++) {
            MemorySegment rows = MemorySegment.ofArray(heads[h]);
            for (int t = 0; t + group <= tokens; t += group) {
                codec.seal(rows, Floats.LAYOUT.byteSize() * t * width, width, page, 0);
                codec.unseal(page, 0, width, to, 0);
                for (int i = 0; i < group * width; i++) {
                    float now = heads[h][t * width + i];
                    float was = before.heads[h][t * width + i];
                    double scale = now == 0 ? 1 : was / now;
                    error += square((back[i] - now) * scale);
                }
            }
            all += before.variance(h);
        }
        return error / all;
    }

    /**
     * What a codec changes of what queries see of the keys before them, beside how that differs from key to key: what all
     * keys have in common changes no attention.
     */
    double scoreError(String name) {
        KvCodec codec = KvCodecs.ALL.make(name);
        int group = codec.group();
        MemorySegment page = MemorySegment.ofArray(new byte[codec.groupBytes(width) + 8]);
        double error = 0;
        double all = 0;
        for (int h = 0; h < heads.length; h++) {
            float[] coded = new float[tokens * width];
            MemorySegment rows = MemorySegment.ofArray(heads[h]);
            for (int t = 0; t + group <= tokens; t += group) {
                codec.seal(rows, 4L * t * width, width, page, 0);
                codec.unseal(page, 0, width, MemorySegment.ofArray(coded), 4L * t * width);
            }
            for (int q = tokens - 1; q >= tokens / 2; q -= 32) {
                error += spread(queries[h], q, heads[h], coded);
                all += spread(queries[h], q, heads[h], null);
            }
        }
        return error / all;
    }

    /** How far the scores of a query lie from their mean; those of what the codec changed, where it is given. */
    private double spread(float[] of, int query, float[] keys, float[] coded) {
        double sum = 0;
        double squares = 0;
        for (int t = 0; t < query; t++) {
            double score = 0;
            for (int c = 0; c < width; c++) {
                float key = keys[t * width + c];
                score += of[query * width + c] * (coded == null ? key : coded[t * width + c] - key);
            }
            sum += score;
            squares += score * score;
        }
        return squares - sum * sum / query;
    }

    /** Squares of distances from the mean key of a head. */
    private double variance(int h) {
        double sum = 0;
        for (int c = 0; c < width; c++) {
            double mean = 0;
            for (int t = 0; t < tokens; t++) mean += heads[h][t * width + c] / tokens;
            for (int t = 0; t < tokens; t++) sum += square(heads[h][t * width + c] - mean);
        }
        return sum;
    }

    private static double square(double value) {
        return value * value;
    }
}
