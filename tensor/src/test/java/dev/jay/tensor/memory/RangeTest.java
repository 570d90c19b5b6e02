// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class RangeTest {
    private static final long BLOCK = 64 << 10;

    @Test
    void shouldBeResidentWhereTheBooksSaySo() {
        try (Memory memory = Memory.withBudget(1 << 20);
                Range range = memory.range("kv-pages", 1 << 20, BLOCK)) {
            agrees(memory, range, 0);
            for (int block : new int[] {0, 3, 4, 15}) {
                range.commit(block);
                write(range, block);
            }
            agrees(memory, range, 4 * BLOCK);
            range.giveBack(3);
            range.giveBack(15);
            agrees(memory, range, 2 * BLOCK);
            range.commit(3);
            assertThat(range.bytes().get(JAVA_BYTE, 3 * BLOCK)).isZero();
            assertThat(range.bytes().get(JAVA_BYTE, 4 * BLOCK)).isEqualTo((byte) 4);
            assertThat(memory.peakByPurpose()).containsEntry("kv-pages", 4 * BLOCK);
            assertThat(memory.peakBytes()).isEqualTo(4 * BLOCK);
        }
    }

    private static void write(Range range, int block) {
        range.bytes().asSlice(block * BLOCK, BLOCK).fill((byte) block);
        if (block == 0) range.bytes().asSlice(0, BLOCK).fill((byte) 1);
    }

    private static void agrees(Memory memory, Range range, long bytes) {
        assertThat(memory.used()).isEqualTo(bytes);
        assertThat(memory.byPurpose()).containsEntry("kv-pages", bytes);
        assertThat(memory.reservedByPurpose()).containsEntry("kv-pages", 1L << 20);
        assertThat(range.committedBytes()).isEqualTo(bytes);
        assertThat(Resident.bytes(range.bytes())).isEqualTo(bytes);
    }

    @Test
    void shouldPromiseTheWholeRangeAndBackWhatIsUsed() {
        try (Memory memory = Memory.withBudget(3 * BLOCK);
                Range range = memory.range("kv-pages", 2 * BLOCK, BLOCK)) {
            assertThatThrownBy(() -> memory.reserve("scratch", 2 * BLOCK))
                    .isInstanceOf(OutOfBudgetException.class)
                    .hasMessageContaining("free=" + BLOCK)
                    .hasMessageContaining("kv-pages=" + 2 * BLOCK);
            Region rest = memory.reserve("scratch", BLOCK); // and still every commit is granted
            range.commit(0);
            range.commit(1);
            assertThat(memory.used()).isEqualTo(memory.budget()).isEqualTo(memory.promised());
            rest.close();
        }
    }

    @Test
    void shouldReserveAddressesWithoutMemory() {
        long much = 1L << 40; // more than the machine has
        try (Memory memory = Memory.withBudget(Long.MAX_VALUE);
                Range range = memory.range("kv-pages", much, BLOCK)) {
            int last = range.blocks() - 1;
            range.commit(last);
            write(range, last);
            assertThat(memory.used()).isEqualTo(BLOCK);
            assertThat(memory.promised()).isEqualTo(much);
            MemorySegment around = range.bytes().asSlice(much - 16 * BLOCK, 16 * BLOCK);
            assertThat(Resident.bytes(around)).isEqualTo(BLOCK);
        }
    }

    @Test
    void shouldTakeAllAtOnceWhereTheSystemIsNotKnown() {
        try (Memory memory = Memory.withBudget(4 * BLOCK);
                Range range = memory.range("kv-pages", 4 * BLOCK, BLOCK, new WholeAddresses())) {
            assertThat(memory.used()).isEqualTo(4 * BLOCK);
            range.commit(1);
            write(range, 1);
            range.giveBack(1);
            range.commit(1);
            assertThat(memory.used()).isEqualTo(range.committedBytes()).isEqualTo(4 * BLOCK);
        }
    }

    @Test
    void shouldRejectBlocksOutOfTurn() {
        try (Memory memory = Memory.withBudget(BLOCK + 10);
                Range range = memory.range("kv-pages", BLOCK + 10, BLOCK)) {
            assertThat(range.blocks()).isEqualTo(2);
            range.commit(1);
            assertThat(memory.used()).isEqualTo(10);
            assertThatThrownBy(() -> range.commit(1))
                    .hasMessageContaining("committed twice: purpose=kv-pages, block=1");
            assertThatThrownBy(() -> range.giveBack(0)).hasMessageContaining("while not committed");
            assertThatThrownBy(() -> range.commit(2)).hasMessageContaining("blocks=2");
            assertThatThrownBy(() -> memory.range("x", 0, 100)).hasMessageContaining("blockBytes=100");
        }
    }

    @Test
    void shouldTakeRegionsLateTooThoughTheyCountAtOnce() {
        try (Memory memory = Memory.withBudget(1 << 20);
                Region region = memory.reserve("scratch", 1 << 20)) {
            assertThat(Resident.bytes(region.bytes())).isZero();
            assertThat(memory.used()).isEqualTo(1 << 20);
            assertThat(region.bytes().get(JAVA_BYTE, 5)).isZero();
        }
    }
}
