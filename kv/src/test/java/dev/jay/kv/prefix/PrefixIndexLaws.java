// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.pool.PagePool;
import dev.jay.tensor.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a hold brings is what was computed for those very tokens, whatever was let go between; no page is lost. */
class PrefixIndexLaws {
    private static final int STRIDE = 4;
    private static final int PER_STRIDE = 2; // pages, as of two streams

    private final Memory memory = Memory.withBudget(1 << 20);

    static Stream<String> replacements() {
        return PageReplacements.ALL.names().stream();
    }

    /** A cache of numbers: what each page says is kept beside the pool. */
    private static final class Cache implements Strided, AutoCloseable {
        private final PagePool pool;
        private final Map<Integer, int[]> contents;
        final List<int[]> pages = new ArrayList<>();
        int length;

        Cache(PagePool pool, Map<Integer, int[]> contents) {
            this.pool = pool;
            this.contents = contents;
        }

        /** Computes tokens up to {@code to}; stops early when no page is left. */
        void compute(int[] tokens, int to) {
            while (length < to) {
                if (length % STRIDE == 0) {
                    int[] two = {pool.lease(), pool.lease()};
                    for (int page : two) contents.put(page, new int[STRIDE]);
                    pages.add(two);
                }
                for (int page : pages.getLast()) {
                    assertThat(pool.isShared(page)).isFalse();
                    contents.get(page)[length % STRIDE] = tokens[length];
                }
                length++;
            }
        }

        int[] tokens(int stream) {
            int[] tokens = new int[length];
            for (int i = 0; i < length; i++) tokens[i] = contents.get(pages.get(i / STRIDE)[stream])[i % STRIDE];
            return tokens;
        }

        @Override
        public int strideTokens() {
            return STRIDE;
        }

        @Override
        public Stride stride(int index) {
            return new Stride(Math.min(STRIDE, length - index * STRIDE), pages.get(index));
        }

        @Override
        public void adopt(Stride stride, int tokens) {
            assertThat(length % STRIDE).isZero();
            assertThat(tokens).isBetween(1, stride.tokens());
            if (tokens == STRIDE) {
                for (int page : stride.pages()) pool.retain(page);
                pages.add(stride.pages().clone());
                length += tokens;
            } else {
                int[] all = Arrays.copyOf(tokens(0), length + tokens);
                System.arraycopy(contents.get(stride.pages()[0]), 0, all, length, tokens);
                compute(all, length + tokens);
            }
        }

        @Override
        public void replace(int index, Stride same) {
            for (int i = 0; i < PER_STRIDE; i++) {
                assertThat(contents.get(same.pages()[i])).isEqualTo(contents.get(pages.get(index)[i]));
                pool.retain(same.pages()[i]);
                pool.release(pages.get(index)[i]);
            }
            pages.set(index, same.pages().clone());
        }

        @Override
        public void close() {
            for (int[] two : pages) for (int page : two) pool.release(page);
        }
    }

    private record Live(int[] tokens, Object variant, PrefixHold hold, Cache cache) {}

    @ParameterizedTest
    @MethodSource("replacements")
    void holdsBringWhatWasComputedAndPagesAreCountedOnce(String replacement) {
        long brought = 0;
        long letGo = 0;
        for (long seed = 1; seed <= 60; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            try (PagePool pool = new PagePool(memory, 40 + random.nextInt(60), 64)) {
                PrefixIndex index = new PrefixIndex(pool, PageReplacements.ALL.make(replacement));
                Map<Integer, int[]> contents = new HashMap<>();
                List<Live> live = new ArrayList<>();
                for (int round = 0; round < 300; round++) {
                    if (random.nextBoolean()) {
                        begin(random, index, pool, contents, live);
                        brought += live.isEmpty() ? 0 : live.getLast().cache().length;
                    } else if (!live.isEmpty()) {
                        end(random, live);
                    }
                    checkBooks(pool, index, live);
                }
                while (!live.isEmpty()) end(random, live);
                letGo += index.letGoPages();
                checkBooks(pool, index, live);
                index.close();
                assertThat(pool.free()).isEqualTo(pool.size());
            }
        }
        assertThat(brought).isGreaterThan(10_000);
        assertThat(letGo).isGreaterThan(1_000);
    }

    private static void begin(
            SplittableRandom random, PrefixIndex index, PagePool pool, Map<Integer, int[]> contents, List<Live> live) {
        int[] tokens = new int[1 + random.nextInt(30)];
        int alike = random.nextInt(30);
        for (int i = 0; i < tokens.length; i++) tokens[i] = i < alike ? i : random.nextInt(3);
        Object variant = random.nextInt(3);
        int most = random.nextInt(tokens.length + 1);
        int known = index.known(variant, tokens, most);
        PrefixHold hold = index.hold(variant, STRIDE, tokens, most);
        assertThat(hold.tokens()).isEqualTo(known).isLessThanOrEqualTo(most);
        int needed = (tokens.length + STRIDE - 1) / STRIDE * PER_STRIDE - hold.sharedPages();
        if (random.nextInt(4) == 0) hold.dropTail();
        // pages of their own that those who run may still lease are not to be had: here they lease all at once
        if (pool.free() + index.idlePages() < needed) {
            hold.release();
            hold.release(); // again does nothing
            return;
        }
        Cache cache = new Cache(pool, contents);
        int wanted = hold.tokens();
        hold.into(cache);
        assertThat(cache.length).isEqualTo(wanted);
        for (int to = cache.length; to < tokens.length; ) {
            to = Math.min(tokens.length, to + 1 + random.nextInt(7));
            cache.compute(tokens, to);
            if (random.nextBoolean()) hold.extend(tokens, to, cache);
        }
        for (int s = 0; s < PER_STRIDE; s++) assertThat(cache.tokens(s)).isEqualTo(tokens);
        live.add(new Live(tokens, variant, hold, cache));
    }

    private static void end(SplittableRandom random, List<Live> live) {
        Live l = live.remove(random.nextInt(live.size()));
        for (int s = 0; s < PER_STRIDE; s++)
            assertThat(l.cache().tokens(s)).isEqualTo(l.tokens()); // nobody wrote there
        if (random.nextInt(4) > 0) l.hold().end(l.tokens(), l.tokens().length, l.cache());
        l.cache().close();
        l.hold().release();
    }

    private static void checkBooks(PagePool pool, PrefixIndex index, List<Live> live) {
        pool.check();
        int own = 0;
        for (Live l : live)
            own += l.cache().pages.size() * PER_STRIDE - l.hold().sharedPages();
        assertThat(pool.free() + index.idlePages() + index.pinnedPages() + own).isEqualTo(pool.size());
        if (live.isEmpty()) assertThat(index.pinnedPages()).isZero();
    }

    private void keep(PrefixIndex index, PagePool pool, int... tokens) {
        PrefixHold hold = index.hold("v", STRIDE, tokens, tokens.length);
        try (Cache cache = new Cache(pool, new HashMap<>())) {
            cache.compute(tokens, tokens.length);
            hold.end(tokens, tokens.length, cache);
        }
    }

    @Test
    void whatWasNotUsedForLongestGoesFirstAndEndsBeforeBeginnings() {
        try (PagePool pool = new PagePool(memory, 12, 64);
                PrefixIndex index = new PrefixIndex(pool, PageReplacements.ALL.make("least-recent"))) {
            keep(index, pool, 1, 1, 1, 1, 2, 2, 2, 2);
            keep(index, pool, 5, 5, 5, 5);
            int[] first = {1, 1, 1, 1, 2, 2, 2, 2};
            index.hold("v", STRIDE, first, 4).release(); // its beginning is used again
            assertThat(index.idlePages()).isEqualTo(6);
            index.letGoOfOne();
            assertThat(index.known("v", first, 8)).isEqualTo(4);
            index.letGoOfOne();
            assertThat(index.known("v", new int[] {5, 5, 5, 5}, 4)).isZero();
            index.letGoOfOne();
            assertThat(index.letGoOfOne()).isFalse();
            assertThat(index.letGoPages()).isEqualTo(6);
        }
    }

    @Test
    void whatRunsStandsOnIsNotLetGo() {
        try (PagePool pool = new PagePool(memory, 4, 64);
                PrefixIndex index = new PrefixIndex(pool, PageReplacements.ALL.make("least-recent"))) {
            keep(index, pool, 1, 1, 1, 1);
            PrefixHold hold = index.hold("v", STRIDE, new int[] {1, 1, 1, 1}, 4);
            assertThat(index.letGoOfOne()).isFalse();
            assertThat(index.pinnedPages()).isEqualTo(2);
            assertThatThrownBy(index::close).hasMessageContaining("prefixes still held: pinned=2");
            hold.release();
            assertThat(index.idlePages()).isEqualTo(2);
        }
    }

    @Test
    void aLongerEndTakesThePlaceOfAShorterOne() {
        try (PagePool pool = new PagePool(memory, 12, 64);
                PrefixIndex index = new PrefixIndex(pool, PageReplacements.ALL.make("least-recent"))) {
            keep(index, pool, 7, 8);
            keep(index, pool, 7, 8, 9);
            assertThat(index.idlePages()).isEqualTo(2);
            keep(index, pool, 7);
            assertThat(index.idlePages()).isEqualTo(2);
            keep(index, pool, 7, 8, 1);
            assertThat(index.idlePages()).isEqualTo(4);
            assertThat(index.known("v", new int[] {7, 8, 9, 9}, 4)).isEqualTo(3);
            assertThat(index.known("w", new int[] {7, 8, 9, 9}, 4)).isZero();
        }
    }
}
