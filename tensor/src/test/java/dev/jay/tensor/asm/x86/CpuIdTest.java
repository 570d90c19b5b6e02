// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Answers of CPUs and systems that are not at hand, some of them odd. */
class CpuIdTest {
    private static final int OSXSAVE = 1 << 27;
    private static final int AVX = 1 << 28 | 1 << 12 | 1 << 29; // with fma and f16c
    private static final int AVX512 = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31;
    private static final int AVX2 = 1 << 5 | 1 << 8 | 1 << 3;
    private static final int VNNI512 = 1 << 11;
    private static final int AMX = 1 << 22 | 1 << 24 | 1 << 25;
    private static final long SSE_YMM = 0x7;
    private static final long ZMM = 0xE0;
    private static final long TILES = 0x60000;

    /** A machine made of leaves; those not set answer zeros. */
    private static final class Made implements CpuId.Answers {
        private final Map<Long, int[]> leaves = new HashMap<>();
        private long state;
        private boolean asked;

        Made leaf(int leaf, int sub, int... registers) {
            leaves.put((long) leaf << 32 | sub, registers);
            return this;
        }

        Made state(long saved) {
            this.state = saved;
            return this;
        }

        @Override
        public int[] cpuid(int leaf, int sub) {
            return leaves.getOrDefault((long) leaf << 32 | sub, new int[4]).clone();
        }

        @Override
        public long xgetbv() {
            asked = true;
            return state;
        }
    }

    private static Made server() {
        return new Made()
                .leaf(0, 0, 0x20, 0, 0, 0)
                .leaf(1, 0, 0, 0, OSXSAVE | AVX, 0)
                .leaf(7, 0, 2, AVX2 | AVX512, VNNI512, AMX)
                .leaf(7, 1, 1 << 4 | 1 << 5, 0, 0, 0)
                .state(SSE_YMM | ZMM | TILES);
    }

    @Test
    void shouldKnowWhatTheCpuHasAndTheSystemSaves() {
        assertThat(CpuId.of(server()).features())
                .contains("avx2", "fma", "f16c", "bmi2", "avx512f", "avx512vl", "avx512_vnni", "avx_vnni", "amx_bf16");
    }

    @Test
    void shouldLeaveOutRegistersThatTheSystemDoesNotSave() {
        assertThat(CpuId.of(server().state(SSE_YMM | TILES)).features())
                .contains("avx2", "avx_vnni", "amx_tile")
                .doesNotContain("avx512f", "avx512bw", "avx512_vnni", "avx512_bf16");
        for (long part : new long[] {0x20, 0x40, 0x80, 0xC0}) { // masks, lower, upper halves: all or none
            assertThat(CpuId.of(server().state(SSE_YMM | part)).features()).doesNotContain("avx512f");
        }
        assertThat(CpuId.of(server().state(SSE_YMM | ZMM | 0x20000)).features())
                .contains("avx512f")
                .doesNotContain("amx_tile", "amx_int8", "amx_bf16");
        assertThat(CpuId.of(server().state(0x3 | ZMM)).features())
                .containsExactlyInAnyOrder("bmi1", "bmi2"); // no ymm: no zmm either
    }

    @Test
    void shouldNotAskWhatIsSavedWhereTheSystemDoesNotSay() {
        Made old = server().leaf(1, 0, 0, 0, AVX, 0);
        assertThat(CpuId.of(old).features()).containsExactlyInAnyOrder("bmi1", "bmi2");
        assertThat(old.asked).isFalse(); // the instruction would end the process
    }

    @Test
    void shouldReadNoLeafPastTheHighest() {
        Made capped = server().leaf(0, 0, 4, 0, 0, 0);
        assertThat(CpuId.of(capped).features()).containsExactlyInAnyOrder("fma", "avx", "f16c");
        Made flat = server().leaf(7, 0, 0, AVX2, 0, 0); // no leaf 7.1, whatever it would answer
        assertThat(CpuId.of(flat).features()).contains("avx2").doesNotContain("avx_vnni", "avx512_bf16");
        assertThat(CpuId.of(new Made()).features()).isEmpty();
    }

    @Test
    void shouldReadTheNameUpToItsEnd() {
        byte[] bytes = Arrays.copyOf("  Some CPU @ 3GHz".getBytes(StandardCharsets.US_ASCII), 48);
        ByteBuffer name = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Made named = server().leaf(0x80000000, 0, 0x80000008, 0, 0, 0);
        for (int i = 0; i < 3; i++) {
            named.leaf(0x80000002 + i, 0, name.getInt(), name.getInt(), name.getInt(), name.getInt());
        }
        assertThat(CpuId.of(named).model()).isEqualTo("Some CPU @ 3GHz");
        assertThat(CpuId.of(server()).model()).isEmpty();
    }
}
