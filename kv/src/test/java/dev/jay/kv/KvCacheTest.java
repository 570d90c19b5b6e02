// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.select.KvSelections;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KvCacheTest {
    private static final KvShape SHAPE = KvShape.uniform(2, 3, 32);
    private static final int ROW = 3 * 32; // floats of a token's keys

    private final Memory memory = Memory.withBudget(8 << 20);
    private final PagePool pool =
            new PagePool(memory, 128, PageLayout.leastBytes(SHAPE.streams().getFirst(), KvRecipe.LOSSLESS));
    private final Region region = memory.reserve("test", 1 << 20);

    @AfterEach
    void close() {
        pool.check();
        assertThat(pool.free()).isEqualTo(pool.size());
        region.close();
        pool.close();
        memory.close();
    }

    private static List<KvRecipe> twice(String recipe) {
        return Collections.nCopies(2, KvRecipe.parse(recipe));
    }

    /** count rows whose every value says where it belongs. */
    private MemorySegment rows(int position, int count, float sign) {
        MemorySegment rows = region.bytes().asSlice(sign > 0 ? 0 : 1 << 19, 4L * count * ROW);
        for (int i = 0; i < count * ROW; i++) Floats.set(rows, i, sign * (position * ROW + i));
        return rows;
    }

    private void append(KvCache cache, int count) {
        for (int s = 0; s < 2; s++) {
            int position = cache.length(s);
            cache.append(s, position, count, rows(position, count, 1), rows(position, count, -1));
        }
    }

    @Test
    void shouldHoldExactlyThePagesItSays() {
        List<String> recipes = new ArrayList<>();
        KvCodecs.ALL.names().forEach(codec -> recipes.add("keys=" + codec));
        KvSelections.ALL.names().forEach(selection -> recipes.add("keys=q8_0 select=" + selection));
        for (String recipe : recipes) {
            if (KvRecipe.parse(recipe).group() > 1) continue; // GroupTableTest
            try (KvCache cache = new KvCache(SHAPE, twice(recipe), pool)) {
                for (int tokens = 0; tokens < 1400; tokens += tokens < 200 ? 23 : 300) {
                    if (tokens > cache.length(0)) append(cache, tokens - cache.length(0));
                    assertThat(cache.pages())
                            .as("%s tokens=%d", recipe, tokens)
                            .isEqualTo(KvCache.pagesFor(tokens, SHAPE, twice(recipe), pool.pageBytes()))
                            .isEqualTo(pool.size() - pool.free());
                }
                cache.settle(650);
                assertThat(cache.pages())
                        .isEqualTo(KvCache.pagesFor(650, SHAPE, twice(recipe), pool.pageBytes()))
                        .isEqualTo(pool.size() - pool.free());
            }
            assertThat(pool.free()).isEqualTo(pool.size());
        }
    }

    @Test
    void shouldGiveBackWhatIsTakenBack() {
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 30);
            cache.settle(30);
            append(cache, 40);
            assertThat(cache.pages()).isEqualTo(2 * 3);
            cache.settle(31);
            assertThat(cache.settled()).isEqualTo(31);
            assertThat(cache.length(1)).isEqualTo(31);
            assertThat(cache.pages()).isEqualTo(2);
            append(cache, 2);
            assertThat(cache.pages()).isEqualTo(4);
        }
    }

    @Test
    void shouldRecoverFromAPassThatFailedHalfWay() {
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 5);
            cache.settle(5);
            cache.append(0, 5, 40, rows(5, 40, 1), rows(5, 40, -1));
            assertThatThrownBy(() -> cache.settle(45)).hasMessageContaining("length=45, allowed=[5, 5]");
            cache.settle(cache.settled());
            append(cache, 1);
            assertThat(cache.length(0)).isEqualTo(6);
        }
    }

    @Test
    void shouldFindRowsWhereTheLayoutSays() {
        KvRecipe recipe = KvRecipe.LOSSLESS;
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 70);
            PageLayout layout = cache.layout(1);
            long[] pages = new long[layout.pagesFor(70)];
            int head = 2;
            cache.addresses(1, head, 0, 70, pages);
            MemorySegment row = region.bytes().asSlice(0, 4 * 32);
            MemorySegment all = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
            for (int slot = 0; slot < 70; slot++) {
                long page = pages[slot / layout.slots()];
                int at = slot % layout.slots();
                float wanted = slot * ROW + head * 32;
                recipe.keys().unseal(all, page + at * layout.keyRowBytes(), 32, row, 0);
                assertThat(Floats.get(row, 0)).isEqualTo(wanted);
                assertThat(Floats.get(row, 31)).isEqualTo(wanted + 31);
                recipe.values().unseal(all, page + layout.valuesOffset() + at * layout.valueRowBytes(), 32, row, 0);
                assertThat(Floats.get(row, 31)).isEqualTo(-wanted - 31);
            }
        }
    }

    private float key(KvCache cache, int slot) {
        PageLayout layout = cache.layout(1);
        long[] pages = new long[layout.pagesFor(slot + 1)];
        cache.addresses(1, 0, slot, slot + 1, pages);
        MemorySegment all = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
        MemorySegment row = region.bytes().asSlice(0, 4 * 32);
        long at = pages[slot / layout.slots()] + slot % layout.slots() * layout.keyRowBytes();
        KvRecipe.LOSSLESS.keys().unseal(all, at, 32, row, 0);
        return Floats.get(row, 0);
    }

    @Test
    void shouldShareWholeStridesAndCopyAPart() {
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool);
                KvCache other = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 60);
            cache.settle(60);
            int stride = cache.strideTokens();
            assertThat(stride).isEqualTo(32);
            other.adopt(cache.stride(0), 32);
            assertThat(pool.size() - pool.free()).isEqualTo(4);
            other.adopt(cache.stride(1), 20);
            assertThat(pool.size() - pool.free()).isEqualTo(6);
            assertThat(other.settled()).isEqualTo(52);
            for (int slot = 0; slot < 52; slot++) assertThat(key(other, slot)).isEqualTo(slot * ROW);
            append(other, 10);
            append(cache, 10);
            assertThat(key(other, 55)).isEqualTo(55 * ROW);
            cache.close();
            assertThat(key(other, 3)).isEqualTo(3 * ROW);
            assertThat(pool.size() - pool.free()).isEqualTo(4);
        }
    }

    @Test
    void shouldHoldOneOfTwoPagesThatSayTheSame() {
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool);
                KvCache other = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 40);
            cache.settle(40);
            append(other, 40);
            other.settle(40);
            other.replace(0, cache.stride(0));
            assertThat(pool.size() - pool.free()).isEqualTo(6);
            assertThat(key(other, 31)).isEqualTo(31 * ROW);
            assertThatThrownBy(() -> other.replace(1, cache.stride(1))).hasMessageContaining("tokens=8");
        }
    }

    @Test
    void shouldRejectWhenAPageThatOthersHoldWouldChange() {
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool);
                KvCache other = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 40);
            cache.settle(40);
            int[] tail = cache.stride(1).pages();
            for (int page : tail) pool.retain(page);
            assertThatThrownBy(() -> append(cache, 1)).hasMessageContaining("others hold too: stream=0, position=40");
            for (int page : tail) pool.release(page);
            cache.settle(40);
            assertThatThrownBy(() -> other.adopt(cache.stride(1), 9)).hasMessageContaining("tokens=9, the stride's=8");
            other.adopt(cache.stride(1), 8);
            assertThatThrownBy(() -> other.adopt(cache.stride(0), 32)).hasMessageContaining("settled=8");
            assertThatThrownBy(() -> cache.stride(2)).hasMessageContaining("index=2, strideTokens=32, settled=40");
        }
    }

    @Test
    void shouldRejectWhenRowsDoNotContinueOrDoNotFit() {
        try (KvCache cache = new KvCache(SHAPE, twice(""), pool)) {
            append(cache, 3);
            MemorySegment k = rows(0, 1, 1);
            MemorySegment v = rows(0, 1, -1);
            assertThatThrownBy(() -> cache.append(0, 4, 1, k, v))
                    .hasMessageContaining("position=4, count=1, wanted position=3");
            assertThatThrownBy(() -> cache.append(0, 3, 0, k, v)).hasMessageContaining("count=0");
            assertThatThrownBy(() -> cache.append(0, 3, 1, k, v.asSlice(4)))
                    .hasMessageContaining("values are the wrong size")
                    .hasMessageContaining("wanted=384 bytes, got=380");
            assertThatThrownBy(() -> cache.addresses(0, 0, 0, 4, new long[1]))
                    .hasMessageContaining("slots=[0, 4), heads=3, length=3");
            assertThatThrownBy(() -> cache.addresses(0, 3, 0, 3, new long[1])).hasMessageContaining("head=3");
            cache.settle(2);
            assertThatThrownBy(() -> cache.settle(1)).hasMessageContaining("length=1, allowed=[2, 2]");
            cache.close();
            assertThatThrownBy(() -> cache.append(0, 0, 1, k, v)).hasMessageContaining("closed");
        }
    }

    @Test
    void shouldRejectWhenARecipeCannotHoldTheShape() {
        assertThatThrownBy(() -> new KvCache(SHAPE, List.of(KvRecipe.LOSSLESS), pool))
                .hasMessageContaining("streams=2, recipes=1");
        KvShape narrow = KvShape.uniform(1, 1, 8);
        assertThatThrownBy(() -> new KvCache(narrow, List.of(KvRecipe.parse("keys=q8_0")), pool))
                .hasMessageContaining("kv keys=q8_0 does not fit heads of width 8")
                .hasMessageContaining("multiple of 32");
        KvShape wide = KvShape.uniform(1, 4, 32);
        assertThatThrownBy(() -> new KvCache(wide, List.of(KvRecipe.LOSSLESS), pool))
                .hasMessageContaining("pageBytes=24576")
                .hasMessageContaining("least=32768");
    }
}
