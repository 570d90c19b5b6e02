// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MemoryTest {
    @Test
    void shouldRefuseBeyondTheBudgetAndNameTheHolders() {
        try (Memory memory = Memory.withBudget(1000);
                Region held = memory.reserve("weights", 600)) {
            assertThatThrownBy(() -> memory.reserve("kv-pages", 500))
                    .isInstanceOf(OutOfBudgetException.class)
                    .hasMessageContaining("purpose=kv-pages, wanted=500, free=400")
                    .hasMessageContaining("weights=600");
            assertThat(held.bytes().byteSize()).isEqualTo(600);
        }
    }

    @Test
    void shouldNameARegionLeftOpen() {
        Memory memory = Memory.withBudget(1000);
        Region left = memory.reserve("scratch", 10);
        assertThatThrownBy(memory::close).hasMessageContaining("scratch=10");
        left.close();
        memory.close();
        assertThat(memory.peakBytes()).isEqualTo(10);
        assertThatThrownBy(left::close).hasMessageContaining("closed twice");
    }
}
