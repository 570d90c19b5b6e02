// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Vocabularies written so that a hash without a seed puts all of it into one slot. */
class CollisionTest {
    private static final int COUNT = 60_000;

    /** What a table would use that takes its seed from nowhere. */
    private static int unseeded(String text) {
        int h = 0;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) h = (h ^ b) * 0x9E3779B1;
        return h ^ h >>> 15;
    }

    @Test
    void shouldLoadTextsSoonThatWereMadeToCollide() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; tokens.size() < COUNT; i++) {
            String text = Integer.toString(i, 36);
            if ((unseeded(text) & 0x3F) == 0) tokens.add(text);
        }
        byte[] types = new byte[COUNT];
        Arrays.fill(types, (byte) 1);
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            Vocabulary vocabulary = new Vocabulary(tokens, types);
            for (int t = 0; t < COUNT; t++)
                assertThat(vocabulary.find(tokens.get(t))).isEqualTo(t);
        });
    }

    /** Every pair's product with a known multiplier is the same in its high half. */
    @Test
    void shouldLoadMergesSoonThatWereMadeToCollide() {
        int side = 3000;
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < side; i++) tokens.add("<" + Integer.toString(i, 36) + ">");
        List<long[]> pairs = new ArrayList<>();
        for (int left = 0; left < side; left++) {
            for (int right = 0; right < side; right++) {
                long h = ((long) left << 32 | right) * 0x9E3779B97F4A7C15L;
                long slot = (h >>> 32 ^ h >>> 47) & (1 << 18) - 1;
                if (slot < 1024) pairs.add(new long[] {left, right});
            }
        }
        List<String> merges = new ArrayList<>();
        for (long[] pair : pairs) {
            if (merges.size() == COUNT) break;
            tokens.add(tokens.get((int) pair[0]) + tokens.get((int) pair[1]));
            merges.add(tokens.get((int) pair[0]) + " " + tokens.get((int) pair[1]));
        }
        assertThat(merges).hasSizeGreaterThan(30_000);
        byte[] types = new byte[tokens.size()];
        Arrays.fill(types, (byte) 1);
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            MergeTable table = new MergeTable(new Vocabulary(tokens, types), merges);
            for (int rank = 0; rank < merges.size(); rank++) {
                long[] pair = pairs.get(rank);
                assertThat(table.rank((int) pair[0], (int) pair[1])).isEqualTo(rank);
            }
        });
    }

    /** Slots are spread whatever the seed: the texts of one table, found by many tables. */
    @Test
    void shouldFindEveryTokenUnderEverySeed() {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < 500; i++) tokens.add(Integer.toString(i * 7, 3));
        byte[] types = new byte[tokens.size()];
        Arrays.fill(types, (byte) 1);
        for (int round = 0; round < 50; round++) {
            Vocabulary vocabulary = new Vocabulary(tokens, types);
            for (int t = 0; t < tokens.size(); t++)
                assertThat(vocabulary.find(tokens.get(t))).isEqualTo(t);
            assertThat(vocabulary.find("x")).isEqualTo(-1);
        }
    }
}
