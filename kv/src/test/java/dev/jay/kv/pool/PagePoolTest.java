// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Resident;
import org.junit.jupiter.api.Test;

class PagePoolTest {
    @Test
    void shouldFreeAPageWhenItsLastHolderReleasesIt() {
        try (Memory memory = Memory.withBudget(1024);
                PagePool pool = new PagePool(memory, 4, 64)) {
            int page = pool.lease();
            pool.retain(page);
            pool.release(page);
            assertThat(pool.free()).isEqualTo(3);
            pool.release(page);
            assertThat(pool.free()).isEqualTo(4);
            assertThat(pool.address(2)).isEqualTo(pool.bytes(2).address());
            pool.check();
            assertThatThrownBy(() -> pool.release(page)).hasMessageContaining("released twice: page=" + page);
            assertThatThrownBy(() -> pool.retain(page)).hasMessageContaining("retained while free");
        }
    }

    @Test
    void shouldRejectWhenNoPageIsLeft() {
        try (Memory memory = Memory.withBudget(1024);
                PagePool pool = new PagePool(memory, 1, 64)) {
            pool.lease();
            assertThatThrownBy(pool::lease).hasMessageContaining("pages=1");
        }
    }

    @Test
    void shouldRejectWhenPagesAreNotWholeCacheLines() {
        try (Memory memory = Memory.withBudget(1024)) {
            assertThatThrownBy(() -> new PagePool(memory, 1, 100)).hasMessageContaining("pageBytes=100");
        }
    }

    @Test
    void shouldHoldMemoryWhereItsPagesAreHeld() {
        long page = 128 << 10; // two to a block
        try (Memory memory = Memory.withBudget(8 * page);
                PagePool pool = new PagePool(memory, 8, page)) {
            assertThat(memory.used()).isZero();
            int[] pages = new int[5];
            for (int i = 0; i < pages.length; i++) {
                pages[i] = pool.lease();
                pool.bytes(pages[i]).fill((byte) 1);
            }
            assertThat(memory.used()).isEqualTo(6 * page);
            assertThat(resident(pool)).isEqualTo(5 * page); // the sixth was committed with the fifth, and not written
            pool.release(pages[2]);
            assertThat(memory.used()).isEqualTo(6 * page);
            pool.release(pages[3]);
            pool.check();
            assertThat(memory.used()).isEqualTo(pool.committedBytes()).isEqualTo(4 * page);
            assertThat(resident(pool)).isEqualTo(3 * page);
            assertThat(pool.lease()).as("the lowest free page").isEqualTo(pages[2]);
            for (int i : new int[] {0, 1, 2, 4}) pool.release(pages[i]);
            pool.check();
            assertThat(memory.used()).isZero();
            assertThat(resident(pool)).isZero();
        }
    }

    @Test
    void shouldCommitWholePagesOfTheSystemWhateverAPageHolds() {
        for (long page : new long[] {64, 4096, 4160, 12_288, 100 * 64, 1 << 20}) {
            try (Memory memory = Memory.withBudget(1 << 30);
                    PagePool pool = new PagePool(memory, 3 * Math.toIntExact((2 << 20) / page), page)) {
                int first = pool.lease();
                assertThat(memory.used()).as("page of %d bytes", page).isGreaterThanOrEqualTo(page);
                assertThat(memory.used() % 4096).isZero();
                pool.release(first);
                assertThat(memory.used()).isZero();
            }
        }
    }

    private static long resident(PagePool pool) {
        long bytes = 0;
        for (int p = 0; p < pool.size(); p++) bytes += Resident.bytes(pool.bytes(p));
        return bytes;
    }
}
