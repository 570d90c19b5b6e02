// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.MachineCodeException;
import dev.jay.tensor.asm.PagesBut;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.Kernels;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MachineKernelsTest {
    private static void assumeAvailable() {
        assumeTrue(SystemRefusals.runs(new MachineKernels(), Cpu.detect()), "needs AVX-512 and VNNI");
    }

    @Test
    void shouldNotRunOnASmallerCpu() {
        assertThat(new MachineKernels().unavailable(Cpu.SCALAR))
                .hasValueSatisfying(why -> assertThat(why).startsWith("the CPU lacks avx avx2 avx512_vnni"));
        Set<String> masked = new HashSet<>(Cpu.detect().features());
        masked.remove("avx512_vnni");
        assertThat(new MachineKernels().unavailable(new Cpu("masked", masked, false, 1)))
                .isPresent();
    }

    @Test
    void shouldHaveItsPagesInTheBooksUntilItIsClosed() {
        assumeAvailable();
        try (Memory memory = Memory.withBudget(1 << 20)) {
            try (Kernels kernels = new MachineKernels().bind(Cpu.detect(), memory)) {
                assertThat(kernels.matMul(WeightFormats.ALL.make("q8_0"), Numerics.EXACT))
                        .isPresent();
                assertThat(memory.byPurpose()).containsOnlyKeys(MachineCode.PURPOSE);
            }
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void shouldFailToBindWhereExecutablePagesAreRefused() {
        assumeAvailable();
        CodePages pages = PagesBut.notExecutable();
        try (Memory memory = Memory.withBudget(1 << 20)) {
            assertThatThrownBy(() -> new MachineKernels().bind(Cpu.detect(), memory, pages))
                    .isInstanceOf(MachineCodeException.class);
            assertThat(memory.used()).isZero();
        }
    }
}
