// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Some sequences of random queries, keys and values, run through attention in steps. */
final class AttentionTrial {
    static final KvStream STREAM = new KvStream(2, 32, 64);
    static final int GROUP = 3;
    static final int PIECE = 32; // small, so that short sequences have several pieces
    static final int QUERY_HEADS = 2 * GROUP;
    static final float SCALE = 0.3f;

    /** Of keys that are kept unturned: position p has pair (0, 1) turned by p / 3. */
    static final Turning TURNING = new Turning() {
        @Override
        public int dim() {
            return 2;
        }

        @Override
        public boolean interleaved() {
            return true;
        }

        @Override
        public void angles(int from, int count, MemorySegment to, long at, RowKernels rows) {
            for (int t = 0; t < count; t++) {
                double angle = (from + t) / 3.0;
                Floats.set(to, at / 4 + 2L * t, (float) Math.cos(angle));
                Floats.set(to, at / 4 + 2L * t + 1, (float) Math.sin(angle));
            }
        }
    };

    private final KvRecipe recipe;
    private final Mask mask;
    final float[][] queries;
    final float[][] keys;
    final float[][] values;

    AttentionTrial(long seed, KvRecipe recipe, Mask mask, int... lengths) {
        Random random = new Random(seed);
        this.recipe = recipe;
        this.mask = mask;
        this.queries = new float[lengths.length][];
        this.keys = new float[lengths.length][];
        this.values = new float[lengths.length][];
        for (int s = 0; s < lengths.length; s++) {
            queries[s] = gaussian(random, lengths[s] * QUERY_HEADS * STREAM.keyWidth());
            keys[s] = gaussian(random, lengths[s] * STREAM.heads() * STREAM.keyWidth());
            values[s] = gaussian(random, lengths[s] * STREAM.heads() * STREAM.valueWidth());
        }
    }

    /** Where a recipe that forgets, or selects, is told that the prompt ends. */
    int promptEnd(int s) {
        return Math.max(1, tokens(s) * 3 / 5);
    }

    int tokens(int s) {
        return queries[s].length / QUERY_HEADS / STREAM.keyWidth();
    }

    private static float[] gaussian(Random random, int n) {
        float[] v = new float[n];
        for (int i = 0; i < n; i++) v[i] = (float) random.nextGaussian();
        return v;
    }

    /** out[sequence][token][query head][value width], after steps that say how many tokens each sequence takes. */
    float[][] run(int threads, List<int[]> steps) {
        return run(Numerics.EXACT, threads, steps);
    }

    float[][] run(Numerics numerics, int threads, List<int[]> steps) {
        float[][] out = new float[queries.length][];
        try (Memory memory = Memory.withBudget(64 << 20);
                Region region = memory.reserve("test", 8 << 20);
                PagePool pool = new PagePool(memory, 64, 2 * PageLayout.leastBytes(STREAM, recipe));
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                Workers workers = Workers.of(threads);
                CpuOps ops = new CpuOps(memory, workers, kernels, 16)) {
            KvAttention attention = new KvAttention(ops, recipe, STREAM, QUERY_HEADS, PIECE, TURNING);
            List<KvCache> caches = new ArrayList<>();
            for (int s = 0; s < queries.length; s++) {
                caches.add(new KvCache(new KvShape(List.of(STREAM)), List.of(recipe), pool));
                caches.get(s).promptsEnd(promptEnd(s));
                out[s] = new float[queries[s].length / STREAM.keyWidth() * STREAM.valueWidth()];
            }
            for (int[] step : steps) {
                for (int[] left = step.clone(); IntStream.of(left).sum() > 0; ) {
                    int[] now = new int[left.length]; // up to where tokens are forgotten
                    for (int s = 0; s < now.length; s++) {
                        now[s] = Math.min(
                                left[s], caches.get(s).nextEnd() - caches.get(s).settled());
                        left[s] -= now[s];
                    }
                    step(ops, numerics, attention, caches, now, new Scratch(region.bytes()), out);
                    for (int s = 0; s < now.length; s++) {
                        int tokens = caches.get(s).settled();
                        KvShape shape = new KvShape(List.of(STREAM));
                        int pages = tokens == promptEnd(s)
                                ? KvCache.pagesBehindPrompt(tokens, shape, List.of(recipe), pool.pageBytes())
                                : KvCache.pagesFor(tokens, shape, List.of(recipe), pool.pageBytes());
                        assertThat(caches.get(s).pages()).isLessThanOrEqualTo(pages);
                    }
                }
            }
            caches.forEach(KvCache::close);
            pool.check();
            assertThat(pool.free()).isEqualTo(pool.size());
        }
        return out;
    }

    private void step(
            CpuOps ops,
            Numerics numerics,
            KvAttention attention,
            List<KvCache> caches,
            int[] counts,
            Scratch scratch,
            float[][] out) {
        int n = IntStream.of(counts).sum();
        MemorySegment q = scratch.floats((long) n * QUERY_HEADS * STREAM.keyWidth());
        MemorySegment to = scratch.floats((long) n * QUERY_HEADS * STREAM.valueWidth());
        List<Span> spans = new ArrayList<>();
        int row = 0;
        for (int s = 0; s < counts.length; s++) {
            if (counts[s] == 0) continue;
            int at = caches.get(s).length(0);
            caches.get(s)
                    .append(
                            0,
                            at,
                            counts[s],
                            rows(scratch, keys[s], at, counts[s], STREAM.heads() * STREAM.keyWidth()),
                            rows(scratch, values[s], at, counts[s], STREAM.heads() * STREAM.valueWidth()),
                            ops);
            int width = QUERY_HEADS * STREAM.keyWidth();
            MemorySegment.copy(queries[s], at * width, q, Floats.LAYOUT, 4L * row * width, counts[s] * width);
            spans.add(new Span(caches.get(s), row, counts[s], at));
            row += counts[s];
        }
        long before = scratch.mark();
        Scratch own = new Scratch(scratch.take(attention.scratchBytes(n)));
        attention.run(0, new AttentionBatch(spans, q, QUERY_HEADS, mask, SCALE, 0, to, null, numerics, own));
        assertThat(own.peak()).isEqualTo(attention.scratchBytes(n));
        scratch.release(before);
        for (Span span : spans) {
            int width = QUERY_HEADS * STREAM.valueWidth();
            int s = caches.indexOf((KvCache) span.source());
            MemorySegment.copy(
                    to, Floats.LAYOUT, 4L * span.row() * width, out[s], span.position() * width, span.count() * width);
            caches.get(s).settle(span.position() + span.count());
        }
    }

    private static MemorySegment rows(Scratch scratch, float[] all, int at, int count, int width) {
        MemorySegment rows = scratch.floats((long) count * width);
        MemorySegment.copy(all, at * width, rows, Floats.LAYOUT, 0, count * width);
        return rows;
    }

    /** Holds every way to cut the sequences into steps, with company and threads, against each alone: bit for bit. */
    void checkStepsDoNotMatter(long seed, List<Integer> threads) {
        int[] lengths = IntStream.range(0, queries.length).map(this::tokens).toArray();
        float[][] alone = new float[lengths.length][];
        for (int s = 0; s < lengths.length; s++) alone[s] = run(1, Steps.alone(s, lengths))[s];
        Random random = new Random(seed);
        for (int some : threads) {
            float[][] got = run(some, Steps.random(random, lengths));
            for (int s = 0; s < lengths.length; s++)
                assertThat(got[s]).as(recipe + " " + mask + " threads=" + some).isEqualTo(alone[s]);
        }
        float[][] got = run(3, Steps.tokenByToken(lengths));
        for (int s = 0; s < lengths.length; s++)
            assertThat(got[s]).as(recipe + " " + mask + " token by token").isEqualTo(alone[s]);
    }

    /** The greatest difference. */
    static double worst(float[] got, float[] wanted) {
        double worst = 0;
        for (int i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(got[i] - wanted[i]));
        return worst;
    }

    /** What {@link #run} should give for one sequence, in double precision from rows that were coded and decoded. */
    float[] definition(int s) {
        int kw = STREAM.keyWidth();
        int vw = STREAM.valueWidth();
        boolean seals = recipe.group() > 1;
        float[] k = coded(recipe.keys(), seals, keys[s], kw);
        float[] v = coded(recipe.values(), seals, values[s], vw);
        float[] nearK = seals ? coded(KvRecipe.TAIL.keys(), false, keys[s], kw) : k;
        float[] nearV = seals ? coded(KvRecipe.TAIL.values(), false, values[s], vw) : v;
        if (recipe.keys().wantsUnturned()) {
            turn(k);
            turn(nearK);
        }
        int tokens = queries[s].length / QUERY_HEADS / kw;
        float[] out = new float[tokens * QUERY_HEADS * vw];
        for (int t = 0; t < tokens; t++) {
            for (int h = 0; h < QUERY_HEADS; h++) {
                double[] weights = new double[t + 1];
                double sum = 0;
                int own = seals ? t / recipe.group() * recipe.group() : 0; // from here on rows are as they came
                for (int p = mask instanceof Mask.Window(int w) ? Math.max(0, t - w + 1) : 0; p <= t; p++) {
                    double dot = 0;
                    for (int i = 0; i < kw; i++) {
                        dot += (double) queries[s][(t * QUERY_HEADS + h) * kw + i]
                                * (p < own ? k : nearK)[(p * 2 + h / GROUP) * kw + i];
                    }
                    weights[p] = Math.exp(dot * SCALE);
                    sum += weights[p];
                }
                for (int i = 0; i < vw; i++) {
                    double mixed = 0;
                    for (int p = 0; p <= t; p++)
                        mixed += weights[p] / sum * (p < own ? v : nearV)[(p * 2 + h / GROUP) * vw + i];
                    out[(t * QUERY_HEADS + h) * vw + i] = (float) mixed;
                }
            }
        }
        return out;
    }

    private static void turn(float[] keys) {
        for (int row = 0; row < keys.length / STREAM.keyWidth(); row++) {
            turn(keys, row * STREAM.keyWidth(), row / STREAM.heads());
        }
    }

    /** A key, as {@link #TURNING} says. */
    static void turn(float[] keys, int at, int position) {
        double angle = position / 3.0;
        float a = keys[at];
        float b = keys[at + 1];
        keys[at] = (float) (a * Math.cos(angle) - b * Math.sin(angle));
        keys[at + 1] = (float) (a * Math.sin(angle) + b * Math.cos(angle));
    }

    /** The same where all heads of a token are one row. */
    private static float[] codedAsOne(KvCodec codec, boolean roundsFirst, float[] rows, int width) {
        MemorySegment code = MemorySegment.ofArray(new byte[codec.groupBytes(width)]);
        float[] out = rows.clone();
        for (int from = 0; from + codec.group() * width <= rows.length; from += codec.group() * width) {
            float[] plain = Arrays.copyOfRange(rows, from, from + codec.group() * width);
            for (int i = 0; i < plain.length && roundsFirst; i++) {
                plain[i] = Float.float16ToFloat(Float.floatToFloat16(plain[i]));
            }
            codec.seal(MemorySegment.ofArray(plain), 0, width, code, 0);
            codec.unseal(code, 0, width, MemorySegment.ofArray(out), 4L * from);
        }
        return out;
    }

    /** Rows as the codec gives them back, after what a tail does to them: of each head, group after group. What is left over is never seen coded. */
    static float[] coded(KvCodec codec, boolean roundsFirst, float[] rows, int width) {
        if (codec.joinsHeads()) return codedAsOne(codec, roundsFirst, rows, width * STREAM.heads());
        int group = codec.group();
        int heads = STREAM.heads();
        try (Memory memory = Memory.withBudget(1 << 20);
                Region region = memory.reserve("test", 8L * width * group)) {
            MemorySegment plain = region.bytes().asSlice(0, 4L * width * group);
            MemorySegment code = region.bytes().asSlice(4L * width * group);
            float[] out = rows.clone();
            for (int from = 0; from + group * heads * width <= rows.length; from += group * heads * width) {
                for (int h = 0; h < heads; h++) {
                    for (int t = 0; t < group; t++) {
                        int at = from + (t * heads + h) * width;
                        MemorySegment.copy(rows, at, plain, Floats.LAYOUT, 4L * t * width, width);
                    }
                    for (int i = 0; i < group * width && roundsFirst; i++) {
                        Floats.set(plain, i, Float.float16ToFloat(Float.floatToFloat16(Floats.get(plain, i))));
                    }
                    codec.seal(plain, 0, width, code, 0);
                    codec.unseal(code, 0, width, plain, 0);
                    for (int t = 0; t < group; t++) {
                        int at = from + (t * heads + h) * width;
                        MemorySegment.copy(plain, Floats.LAYOUT, 4L * t * width, out, at, width);
                    }
                }
            }
            return out;
        }
    }
}
