// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.codec.Bases;
import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.Stride;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GroupTableTest {
    private static final KvShape SHAPE = KvShape.uniform(2, 3, 32);
    private static final int ROW = 3 * 32;
    private static final KvRecipe RECIPE = KvRecipe.parse("keys=per-channel(bits=4) values=per-token(bits=4)");
    private static final List<KvRecipe> RECIPES = List.of(RECIPE, RECIPE);

    private Memory memory;
    private PagePool pool;
    private Region region;

    @BeforeEach
    void open() {
        memory = Memory.withBudget(16 << 20);
        pool = new PagePool(
                memory, 40, 2 * PageLayout.leastBytes(SHAPE.streams().getFirst(), RECIPE));
        region = memory.reserve("test", 1 << 20);
    }

    @AfterEach
    void close() {
        pool.check();
        assertThat(pool.free()).isEqualTo(pool.size());
        region.close();
        pool.close();
        memory.close();
    }

    /** count rows that their positions alone decide. */
    private MemorySegment rows(int position, int count) {
        MemorySegment rows = region.bytes().asSlice(0, 4L * count * ROW);
        for (int t = 0; t < count; t++) {
            Random random = new Random(position + t);
            for (int i = 0; i < ROW; i++) Floats.set(rows, (long) t * ROW + i, (float) random.nextGaussian());
        }
        return rows;
    }

    private void append(KvCache cache, int count) {
        for (int s = 0; s < 2; s++) {
            int position = cache.length(s);
            MemorySegment rows = rows(position, count);
            cache.append(s, position, count, rows, rows);
        }
    }

    private static float[] sealed(KvCache cache, int to) {
        float[] keys = new float[to * 32];
        float[] values = new float[to * 32];
        cache.coded(1, 2, 0, to, new HeadRows(MemorySegment.ofArray(keys), 0, MemorySegment.ofArray(values), 0));
        for (int i = 0; i < keys.length; i++) keys[i] += 7 * values[i];
        return keys;
    }

    @Test
    void shouldSealTheSameHoweverRowsCame() {
        try (KvCache whole = new KvCache(SHAPE, RECIPES, pool);
                KvCache cut = new KvCache(SHAPE, RECIPES, pool)) {
            append(whole, 160);
            whole.settle(160);
            Random random = new Random(3);
            while (cut.settled() < 160) {
                append(cut, Math.min(160 - cut.settled(), 1 + random.nextInt(70)));
                if (random.nextInt(3) == 0) cut.settle(cut.settled()); // the pass has failed
                else cut.settle(cut.length(0));
            }
            assertThat(sealed(cut, 160)).isEqualTo(sealed(whole, 160));
        }
    }

    @Test
    void shouldBeNearWhatWasPutIn() {
        try (KvCache cache = new KvCache(SHAPE, RECIPES, pool)) {
            append(cache, 64);
            cache.settle(64);
            float[] got = sealed(cache, 64);
            MemorySegment rows = rows(0, 64);
            for (int t = 0; t < 64; t++) {
                for (int i = 0; i < 32; i++) {
                    float wanted = 8 * Floats.get(rows, (long) t * ROW + 2 * 32 + i);
                    assertThat(Math.abs(got[t * 32 + i] - wanted)).isLessThan(8 * 0.25f); // half a step of 5 / 15
                }
            }
        }
    }

    @Test
    void shouldHoldNoMorePagesThanItSays() {
        for (String codec : KvCodecs.ALL.names()) {
            List<KvRecipe> recipes =
                    List.of(Bases.recipe("keys=" + codec, SHAPE.streams().getFirst()), RECIPE);
            try (KvCache cache = new KvCache(SHAPE, recipes, pool)) {
                for (int tokens = 0; tokens < 230; tokens += 23) {
                    if (tokens > 0) append(cache, 23);
                    int held = pool.size() - pool.free();
                    assertThat(cache.pages()).isEqualTo(held);
                    assertThat(held)
                            .as("keys=%s tokens=%d", codec, tokens)
                            .isLessThanOrEqualTo(KvCache.pagesFor(tokens, SHAPE, recipes, pool.pageBytes()));
                    cache.settle(tokens);
                }
            }
        }
    }

    @Test
    void shouldTakeBackToAnyTokenOfATail() {
        for (int back : new int[] {30, 31, 32, 96, 97, 100}) {
            try (KvCache cache = new KvCache(SHAPE, RECIPES, pool);
                    KvCache straight = new KvCache(SHAPE, RECIPES, pool)) {
                append(cache, 30);
                cache.settle(30);
                append(cache, 70);
                cache.settle(back);
                append(cache, 128 - back);
                cache.settle(128);
                append(straight, 128);
                straight.settle(128);
                assertThat(sealed(cache, 128)).as("back to %d", back).isEqualTo(sealed(straight, 128));
            }
        }
    }

    @Test
    void shouldGoOnFromWholeGroupsOfOthers() {
        try (KvCache cache = new KvCache(SHAPE, RECIPES, pool);
                KvCache other = new KvCache(SHAPE, RECIPES, pool)) {
            int stride = cache.strideTokens();
            append(cache, stride + 40);
            cache.settle(stride + 40);
            Stride part = cache.stride(1);
            assertThat(part.tokens()).isEqualTo(32);
            other.adopt(cache.stride(0), stride);
            other.adopt(part, 31);
            assertThat(other.settled()).isEqualTo(stride);
            other.adopt(part, 32);
            assertThat(other.settled()).isEqualTo(stride + 32);
            append(other, 32);
            other.settle(stride + 64);
            append(cache, 24);
            cache.settle(stride + 64);
            assertThat(sealed(other, stride + 64)).isEqualTo(sealed(cache, stride + 64));
        }
    }

    @Test
    void shouldRejectWhenAGroupIsBrokenUp() {
        try (KvCache cache = new KvCache(SHAPE, RECIPES, pool)) {
            append(cache, 100);
            assertThatThrownBy(() -> append(cache, 1)).hasMessageContaining("before what came last was settled");
            assertThatThrownBy(() -> cache.settle(70)).hasMessageContaining("allowed: up to 32, or from 96 on");
            cache.settle(100);
            assertThatThrownBy(() -> cache.recent(0, 0, 95, 97, new HeadRows(null, 0, null, 0)))
                    .hasMessageContaining("coded by now");
        }
        assertThatThrownBy(() -> KvRecipe.parse("keys=per-channel(group=48)"))
                .hasMessageContaining("groups of 48 tokens");
        assertThatThrownBy(() -> KvRecipe.parse("keys=per-channel(bits=3)")).hasMessageContaining("bits=3, allowed");
    }

    @Test
    void piecesShouldEndWhereGroupsDo() {
        KvRecipe recipe = KvRecipe.parse("keys=per-channel(group=96) values=per-token");
        assertThat(SealedRows.piece(recipe, 1024)).isEqualTo(192);
        assertThat(SealedRows.piece(recipe, 32)).isEqualTo(96);
    }
}
