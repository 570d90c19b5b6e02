// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.pool.PagePool;
import dev.jay.kv.select.KvSelections;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Summaries say what the rows say that are there now, however they came. */
class UnitSummariesTest {
    private static final KvStream STREAM = new KvStream(2, 32, 64);
    private static final KvShape SHAPE = new KvShape(List.of(STREAM));

    private final Memory memory = Memory.withBudget(16 << 20);
    private final Region region = memory.reserve("test", 1 << 20);

    @AfterEach
    void close() {
        region.close();
        memory.close();
    }

    private static KvRecipe recipe(String selection) {
        return KvRecipe.parse("keys=f16 values=q8_0 select=" + selection);
    }

    private PagePool pool(KvRecipe recipe) {
        return new PagePool(memory, 128, 2 * PageLayout.leastBytes(STREAM, recipe));
    }

    /** Rows for the next positions: by seed, in two steps, summed up after each. */
    private void append(KvCache cache, int count, long seed) {
        Random random = new Random(seed);
        for (int left = count; left > 0; ) {
            int n = left == count ? Math.min(left, 45) : left;
            MemorySegment keys = region.bytes().asSlice(0, 4L * n * 64);
            MemorySegment values = region.bytes().asSlice(4L * n * 64, 4L * n * 128);
            for (int i = 0; i < n * 64; i++) Floats.set(keys, i, (float) random.nextGaussian());
            for (int i = 0; i < n * 128; i++) Floats.set(values, i, (float) random.nextGaussian());
            cache.append(0, cache.length(0), n, keys, values);
            for (int h = 0; h < 2; h++) cache.summaries(0).summarise(h);
            left -= n;
        }
    }

    /** Of all whole units: what their rows hold, and what is noted. */
    private static List<Object> said(KvCache cache, KvRecipe recipe) {
        UnitSummaries summaries = cache.summaries(0);
        for (int h = 0; h < 2; h++) summaries.summarise(h);
        assertThat(summaries.isBehind()).isFalse();
        long bytes = recipe.selection().orElseThrow().summaryRows() * summaries.rowBytes();
        List<Object> said = new ArrayList<>();
        for (int unit = 0; bytes > 0 && unit < cache.length(0) / 32; unit++) {
            for (int h = 0; h < 2; h++) {
                MemorySegment rows =
                        MemorySegment.ofAddress(summaries.address(h, unit)).reinterpret(bytes);
                said.add(List.of(unit, h, HexFormat.of().formatHex(rows.toArray(ValueLayout.JAVA_BYTE))));
                if (recipe.selection().orElseThrow().notes()) said.add(summaries.note(h, unit));
            }
        }
        return said;
    }

    @Test
    void shouldBeMadeAnewWhereRowsWereTakenBack() {
        for (String name : KvSelections.ALL.names()) {
            KvRecipe recipe = recipe(name);
            try (PagePool pool = pool(recipe);
                    KvCache cache = new KvCache(SHAPE, List.of(recipe), pool);
                    KvCache fresh = new KvCache(SHAPE, List.of(recipe), pool)) {
                append(cache, 64, 1);
                cache.settle(64);
                append(cache, 600, 2);
                cache.settle(64);
                append(cache, 500, 3);
                cache.settle(564);
                append(fresh, 64, 1);
                append(fresh, 500, 3);
                assertThat(said(cache, recipe)).as(name).isEqualTo(said(fresh, recipe));
            }
        }
    }

    @Test
    void shouldBeMadeOfRowsThatOthersShare() {
        for (String name : KvSelections.ALL.names()) {
            KvRecipe recipe = recipe(name);
            try (PagePool pool = pool(recipe);
                    KvCache one = new KvCache(SHAPE, List.of(recipe), pool);
                    KvCache other = new KvCache(SHAPE, List.of(recipe), pool)) {
                int stride = one.strideTokens();
                append(one, 3 * stride, 4);
                one.settle(3 * stride);
                other.adopt(one.stride(0), stride);
                other.adopt(one.stride(1), stride);
                other.adopt(one.stride(2), stride - 1);
                List<Object> all = said(one, recipe);
                List<Object> taken = said(other, recipe);
                assertThat(taken).as(name).isEqualTo(all.subList(0, taken.size()));
                if (!all.isEmpty()) assertThat(taken).hasSizeGreaterThanOrEqualTo(all.size() / 2);
                assertThat(other.pages())
                        .isEqualTo(KvCache.pagesFor(3 * stride - 1, SHAPE, List.of(recipe), pool.pageBytes()));
            }
        }
    }
}
