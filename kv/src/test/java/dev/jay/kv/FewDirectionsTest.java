// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.codec.Bases;
import dev.jay.kv.codec.KvBasis;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A token's attention over rows along few directions, of shapes of which each takes another way, against the sum over the
 * rows that the cache itself decodes.
 */
class FewDirectionsTest {
    private static final int GROUP = 3; // query heads of a KV head
    private static final int PIECE = 64; // small, so that there are more pieces than may wait at once
    private static final float SCALE = 0.2f;

    /** @param tokens before the one that asks */
    private record Shape(int heads, int keyWidth, int valueWidth, int directions, String recipe, int tokens) {
        KvStream stream() {
            return new KvStream(heads, keyWidth, valueWidth);
        }

        KvRecipe told() {
            KvBasis keys = Bases.random(1, heads * keyWidth, directions);
            KvBasis values = Bases.random(2, heads * valueWidth, directions);
            List<KvCalibration.Bases> one = List.of(new KvCalibration.Bases(keys, values));
            return KvRecipe.parse(recipe)
                    .each(1, KvCalibration.NONE.withBases(one))
                    .getFirst();
        }
    }

    private static final List<Shape> SHAPES = List.of(
            new Shape(2, 32, 64, 20, "keys=low-rank(rank=20) values=low-rank(rank=20)", 3000), // several times waiting
            new Shape(
                    6, 8, 8, 40, "keys=low-rank(rank=40,bits=4) values=low-rank(rank=40,bits=4)", 200), // many features
            new Shape(1, 34, 19, 11, "keys=low-rank(rank=11,bits=16) values=low-rank(rank=11,bits=16)", 150), // odd
            new Shape(9, 64, 64, 520, "keys=low-rank(rank=520,bits=1) values=f16", 100), // in parts
            new Shape(3, 40, 24, 30, "keys=f16 values=low-rank(rank=30,group=96)", 400),
            new Shape(2, 48, 48, 96, "keys=unturned(bits=2,group=64) values=low-rank(rank=96,bits=2)", 700));

    @Test
    void shouldAgreeWithTheRowsThatTheCacheDecodes() {
        for (Shape shape : SHAPES) {
            KvRecipe told = shape.told();
            float[] wanted = new float[shape.heads * GROUP * shape.valueWidth];
            for (int threads : new int[] {1, 2, 3}) {
                float[] exact = run(shape, told, threads, Numerics.EXACT, threads == 1 ? wanted : null);
                if (threads == 1) {
                    assertThat(AttentionTrial.worst(exact, wanted))
                            .as(shape.toString())
                            .isLessThan(2e-5);
                    wanted = exact;
                }
                assertThat(exact).as(shape + " threads=" + threads).isEqualTo(wanted);
                float[] fast = run(shape, told, threads, Numerics.FAST, null);
                assertThat(AttentionTrial.worst(fast, wanted))
                        .as(shape.toString())
                        .isLessThan(0.05);
            }
        }
    }

    /** @param definition to be filled; null: not wanted */
    private static float[] run(Shape shape, KvRecipe recipe, int threads, Numerics numerics, float[] definition) {
        KvStream stream = shape.stream();
        Random random = new Random(7);
        try (Memory memory = Memory.withBudget(256 << 20);
                Region region = memory.reserve("test", 64 << 20);
                PagePool pool = new PagePool(memory, 2048, PageLayout.leastBytes(stream, recipe));
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                Workers workers = Workers.of(threads);
                CpuOps ops = new CpuOps(memory, workers, kernels, 16);
                KvCache cache = new KvCache(new KvShape(List.of(stream)), List.of(recipe), pool)) {
            Scratch scratch = new Scratch(region.bytes());
            int n = shape.tokens;
            MemorySegment keys = random(scratch, random, n * shape.heads * shape.keyWidth);
            MemorySegment values = random(scratch, random, n * shape.heads * shape.valueWidth);
            MemorySegment q = random(scratch, random, shape.heads * GROUP * shape.keyWidth);
            MemorySegment out = scratch.floats((long) shape.heads * GROUP * shape.valueWidth);
            cache.append(0, 0, n, keys, values, ops);
            KvAttention attention =
                    new KvAttention(ops, recipe, stream, shape.heads * GROUP, PIECE, AttentionTrial.TURNING);
            Scratch own = new Scratch(scratch.take(attention.scratchBytes(1)));
            Span last = new Span(cache, 0, 1, n - 1);
            attention.run(
                    0,
                    new AttentionBatch(
                            List.of(last), q, shape.heads * GROUP, Mask.CAUSAL, SCALE, 0, out, null, numerics, own));
            if (definition != null) define(shape, recipe, cache, q, definition);
            return floats(out, shape.heads * GROUP * shape.valueWidth);
        }
    }

    private static void define(Shape shape, KvRecipe recipe, KvCache cache, MemorySegment q, float[] out) {
        int own = (shape.tokens - 1) / recipe.group() * recipe.group();
        for (int h = 0; h < shape.heads; h++) {
            HeadRows rows = HeadRows.of(shape.tokens, shape.stream());
            cache.coded(0, h, 0, own, rows);
            cache.recent(0, h, own, shape.tokens, rows.plus(own, shape.stream()));
            float[] k = floats(rows.keys(), shape.tokens * shape.keyWidth);
            float[] v = floats(rows.values(), shape.tokens * shape.valueWidth);
            if (recipe.keys().wantsUnturned()) {
                for (int p = 0; p < shape.tokens; p++) AttentionTrial.turn(k, p * shape.keyWidth, p);
            }
            for (int g = 0; g < GROUP; g++) {
                int row = h * GROUP + g;
                float[] query = floats(q.asSlice(4L * row * shape.keyWidth), shape.keyWidth);
                mix(shape, query, k, v, out, row * shape.valueWidth);
            }
        }
    }

    private static void mix(Shape shape, float[] query, float[] k, float[] v, float[] out, int at) {
        double[] mixed = new double[shape.valueWidth];
        double sum = 0;
        for (int p = 0; p < shape.tokens; p++) {
            double dot = 0;
            for (int i = 0; i < shape.keyWidth; i++) dot += (double) query[i] * k[p * shape.keyWidth + i];
            double weight = Math.exp(dot * SCALE);
            sum += weight;
            for (int i = 0; i < shape.valueWidth; i++) mixed[i] += weight * v[p * shape.valueWidth + i];
        }
        for (int i = 0; i < shape.valueWidth; i++) out[at + i] = (float) (mixed[i] / sum);
    }

    private static float[] floats(MemorySegment from, int count) {
        float[] all = new float[count];
        MemorySegment.copy(from, Floats.LAYOUT, 0, all, 0, count);
        return all;
    }

    private static MemorySegment random(Scratch scratch, Random random, int count) {
        MemorySegment all = scratch.floats(count);
        for (int i = 0; i < count; i++) Floats.set(all, i, (float) random.nextGaussian());
        return all;
    }
}
