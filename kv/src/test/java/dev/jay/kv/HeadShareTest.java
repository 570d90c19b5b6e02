// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.Steps;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** KV heads that keep every token beside others that do not. */
class HeadShareTest {
    /** Heads of the last layers first, of which the lower one. */
    private static KvCalibration measured(int layers) {
        return new KvCalibration(
                Collections.nCopies(layers, new KvCalibration.Layer(List.of(0, 1, 2, 3, 4, 5), 0.1)),
                IntStream.range(0, 2 * layers)
                        .mapToObj(i -> new KvCalibration.KvHead(layers - 1 - i / 2, i % 2))
                        .toList());
    }

    /** Bit for bit, and in as many pages. */
    @Test
    void headsThatAreWholeForgetNothing() {
        KvRecipe plain = KvRecipe.parse("keys=bf16 values=q8_0");
        KvRecipe whole = KvRecipe.parse(plain + " evict=heavy-hitter(budget=24,recent=5,every=16,whole=0+1)");
        int[] lengths = {130, 1, 75};
        float[][] wanted = new AttentionTrial(7L, plain, Mask.CAUSAL, lengths).run(2, Steps.whole(lengths));
        assertThat(new AttentionTrial(7L, whole, Mask.CAUSAL, lengths).run(2, Steps.whole(lengths)))
                .isDeepEqualTo(wanted);
        KvShape shape = new KvShape(List.of(AttentionTrial.STREAM));
        long page = PageLayout.leastBytes(AttentionTrial.STREAM, whole);
        assertThat(2 * page).isEqualTo(PageLayout.leastBytes(AttentionTrial.STREAM, plain));
        assertThat(KvCache.pagesFor(128, shape, List.of(whole), page))
                .isEqualTo(2 * KvCache.pagesFor(128, shape, List.of(plain), 2 * page));
    }

    @Test
    void headsThatAreToBeWholeAreThoseThatCostMost() {
        KvRecipe recipe = KvRecipe.parse("keys=f16 values=f16 evict=window(budget=24,every=32) spread=heads(whole=25)");
        List<KvRecipe> each = recipe.each(4, measured(4));
        for (int l = 0; l < 4; l++) {
            assertThat(each.get(l).eviction().orElseThrow().name())
                    .isEqualTo("window(budget=24,every=32,sinks=4,recent=0,whole=" + (l == 3 ? "0+1" : "none") + ")");
        }
        assertThat(recipe.wantsCalibration()).isTrue();
        assertThatThrownBy(() -> recipe.each(4, new KvCalibration(measured(4).layers(), List.of())))
                .hasMessageContaining("'jay calibrate' measures it with --heads");
        assertThatThrownBy(() -> KvRecipe.parse("evict=window spread=heads(whole=101)"))
                .hasMessageContaining("whole=101");
        assertThatThrownBy(() -> KvRecipe.parse("evict=window(whole=1+1)")).hasMessageContaining("each once");
        assertThatThrownBy(() -> KvRecipe.parse("evict=window(whole=-1)")).hasMessageContaining("from 0 on");
        assertThatThrownBy(() -> KvRecipe.parse("evict=retrieval-heads(whole=1)"))
                .hasMessageContaining("cannot keep the same tokens");
        KvShape shape = new KvShape(List.of(AttentionTrial.STREAM));
        assertThatThrownBy(() -> KvCache.pagesFor(9, shape, List.of(KvRecipe.parse("evict=window(whole=2)")), 1 << 16))
                .hasMessageContaining("whole=2, KV heads of a layer=2");
    }

    /** What each head holds while tokens come, to the page. */
    @Test
    void pagesAreThoseOfEachHeadForItself() {
        KvStream stream = AttentionTrial.STREAM;
        KvShape shape = new KvShape(List.of(stream));
        KvRecipe recipe = KvRecipe.parse("keys=f16 values=f16 evict=window(budget=40,every=16,whole=1)");
        long page = PageLayout.leastBytes(stream, recipe);
        try (Memory memory = Memory.withBudget(16 << 20);
                Region region = memory.reserve("test", 1 << 20);
                PagePool pool = new PagePool(memory, 64, page);
                KvCache cache = new KvCache(shape, List.of(recipe), pool)) {
            for (int tokens = 1; tokens <= 300; tokens++) {
                MemorySegment keys = region.bytes().asSlice(0, 4L * stream.heads() * stream.keyWidth());
                MemorySegment values = region.bytes().asSlice(0, 4L * stream.heads() * stream.valueWidth());
                cache.append(0, tokens - 1, 1, keys, values);
                int least = tokens <= 40 ? tokens : 40 + tokens % 16; // of the head that forgets
                int slotPages = 1;
                int most = KvCache.pagesFor(tokens, shape, List.of(recipe), page);
                assertThat(cache.pages()).isLessThanOrEqualTo(most);
                cache.settle(tokens);
                assertThat(cache.forgotten(0, 1)).isZero();
                if (tokens > 56) {
                    assertThat(cache.forgotten(0, 0)).isEqualTo(tokens - least);
                    assertThat(cache.pages()).isEqualTo(Math.ceilDiv(tokens, 32) + Math.ceilDiv(least, 32) + slotPages);
                }
            }
            cache.close();
            assertThat(pool.free()).isEqualTo(pool.size());
        }
    }
}
