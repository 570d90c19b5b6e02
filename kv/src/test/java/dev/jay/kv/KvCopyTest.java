// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a sequence keeps once more: both go on as if there were no other. */
class KvCopyTest {
    private static final int HEADS = 2;
    private static final int WIDTH = 32;
    private static final KvShape SHAPE = KvShape.uniform(2, HEADS, WIDTH);
    private static final int END = 40; // of the prompt

    private final Memory memory = Memory.withBudget(8 << 20);
    private final PagePool pool = new PagePool(memory, 256, 16384);
    private final Region region = memory.reserve("test", 1 << 20);

    @AfterEach
    void close() {
        pool.check();
        assertThat(pool.free()).as("every page is back").isEqualTo(pool.size());
        region.close();
        pool.close();
        memory.close();
    }

    private KvCache cache(String recipe) {
        return new KvCache(SHAPE, Collections.nCopies(2, KvRecipe.parse("keys=f32 values=f32 " + recipe)), pool);
    }

    /** Up to so many tokens, one at a time; what they hold depends on {@code text}. */
    private void go(KvCache cache, int to, int text) {
        for (int t = cache.settled(); t < to; t++) {
            for (int s = 0; s < 2; s++) {
                MemorySegment keys = region.bytes().asSlice(0, 4L * HEADS * WIDTH);
                MemorySegment values = region.bytes().asSlice(1 << 16, 4L * HEADS * WIDTH);
                for (int i = 0; i < HEADS * WIDTH; i++) {
                    Floats.set(keys, i, text * 1000 + t + i / 64f);
                    Floats.set(values, i, -(text * 1000 + t + i / 64f));
                }
                cache.append(s, t, 1, keys, values);
            }
            cache.settle(t + 1);
        }
    }

    /** All that is kept, of all heads. */
    private static float[] kept(KvCache cache) {
        float[] all = new float[1 << 14];
        int at = 0;
        for (int s = 0; s < 2; s++) {
            for (int h = 0; h < HEADS; h++) {
                int slots = cache.length(s) - cache.forgotten(s, h);
                all[at++] = slots;
                MemorySegment keys = MemorySegment.ofArray(new float[slots * WIDTH]);
                MemorySegment values = MemorySegment.ofArray(new float[slots * WIDTH]);
                cache.coded(s, h, 0, slots, new HeadRows(keys, 0, values, 0));
                for (int i = 0; i < slots * WIDTH; i++) {
                    all[at++] = Floats.get(keys, i);
                    all[at++] = Floats.get(values, i);
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "evict=window(budget=16,every=8,sinks=2,recent=4)",
                "evict=random(budget=16,every=0,recent=4)",
                "evict=random(budget=16,every=8,recent=4) merge=similar(counts=1)",
                "evict=window(budget=16,every=8,sinks=2,recent=4,whole=1)"
            })
    void shouldGoOnApart(String recipe) {
        try (KvCache first = cache(recipe);
                KvCache alone = cache(recipe);
                KvCache other = cache(recipe)) {
            for (KvCache c : List.of(first, alone, other)) c.promptsEnd(END);
            go(first, END - 5, 1);
            try (KvCache copy = first.copy(END)) {
                assertThat(copy.settled()).isEqualTo(END - 5);
                assertThat(copy.pages()).isEqualTo(first.pages());
                assertThat(kept(copy)).isEqualTo(kept(first));
                go(copy, END + 20, 2);
                go(first, END + 20, 1);
                go(alone, END + 20, 1);
                go(other, END - 5, 1);
                go(other, END + 20, 2);
                assertThat(kept(first)).as("as if there were no copy").isEqualTo(kept(alone));
                assertThat(kept(copy)).as("as if it had read all itself").isEqualTo(kept(other));
            }
            assertThat(kept(first)).as("closed without it").isEqualTo(kept(alone));
        }
    }

    @Test
    void shouldForgetWhereItsOwnPromptEnds() {
        String recipe = "evict=window(budget=16,every=0,sinks=2,recent=4)";
        try (KvCache first = cache(recipe)) {
            first.promptsEnd(END);
            go(first, 20, 1);
            try (KvCache copy = first.copy(24)) {
                go(copy, 24, 1);
                go(first, 24, 1);
                assertThat(copy.forgotten(0, 0)).isEqualTo(8);
                assertThat(first.forgotten(0, 0)).isZero();
            }
        }
    }

    @Test
    void shouldRefuseWhatItDoesNotCopy() {
        try (KvCache groups = new KvCache(
                SHAPE,
                Collections.nCopies(2, KvRecipe.parse("keys=per-token(bits=4) values=per-token(bits=4)")),
                pool)) {
            assertThatThrownBy(groups::copy).hasMessageContaining("not copied from sequence to sequence");
        }
        try (KvCache cache = cache("")) {
            go(cache, 3, 1);
            MemorySegment row = region.bytes().asSlice(0, 4L * HEADS * WIDTH);
            for (int s = 0; s < 2; s++) cache.append(s, 3, 1, row, row);
            assertThatThrownBy(cache::copy).hasMessageContaining("within a step, settled=3");
            cache.settle(3);
        }
    }
}
