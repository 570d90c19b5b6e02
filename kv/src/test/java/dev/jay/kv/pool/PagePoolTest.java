// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.memory.Memory;
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
}
