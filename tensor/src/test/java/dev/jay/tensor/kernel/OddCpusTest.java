// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.asm.x86.AmxPermission;
import dev.jay.tensor.asm.x86.CpuId;
import dev.jay.tensor.memory.Memory;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is chosen for CPUs that are not at hand; nothing of it is run. */
class OddCpusTest {
    private static final List<String> AVX2 = List.of("avx", "avx2", "fma", "f16c", "bmi1", "bmi2");
    private static final List<String> AVX512 = List.of("avx512f", "avx512bw", "avx512dq", "avx512vl");
    private static final List<String> AMX = List.of("amx_tile", "amx_int8", "amx_bf16", "avx512_bf16");

    @BeforeEach
    void onlyOnX86() {
        assumeTrue(CpuId.isX86(), "machine code for x86-64 is chosen on x86-64 Linux");
    }

    private static Cpu cpu(String with, String without) {
        Set<String> features = new HashSet<>();
        for (String name : with.split(" ")) {
            switch (name) {
                case "AVX2" -> features.addAll(AVX2);
                case "AVX512" -> features.addAll(AVX512);
                case "AMX" -> features.addAll(AMX);
                default -> features.add(name);
            }
        }
        if (without != null) features.removeAll(List.of(without.split(" ")));
        return new Cpu("made up", features, true, 2);
    }

    private static String described(Cpu cpu) {
        try (Memory memory = Memory.withBudget(1 << 20);
                KernelChoice choice = KernelProviders.choose(cpu, null, memory)) {
            return choice.describe();
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "server with VNNI, AVX2 AVX512 avx512_vnni, , avx512-vnni, the CPU lacks amx_bf16 amx_int8 amx_tile"
                + " avx512_bf16",
        "server with some of AMX, AVX2 AVX512 avx512_vnni AMX, amx_int8, avx512-vnni, the CPU lacks amx_int8",
        "server without VNNI, AVX2 AVX512 AMX, , avx2, the CPU lacks avx512_vnni",
        "first with AVX-512, AVX2 avx512f avx512cd avx512er avx512pf, , avx2, lacks avx512_vnni avx512bw avx512dq",
        "only short vectors of AVX-512 missing, AVX2 AVX512 avx512_vnni, avx512vl, avx2, the CPU lacks avx512vl",
        "desktop with AVX-VNNI, AVX2 avx_vnni, , avx2, the CPU lacks avx512_vnni avx512bw avx512dq avx512f avx512vl",
        "desktop, AVX2, , avx2, the CPU lacks avx512",
        "hypervisor that hides half floats, AVX2 AVX512 avx512_vnni AMX, f16c, vector, avx2: the CPU lacks f16c",
        "hypervisor that hides bit moves, AVX2 AVX512 avx512_vnni AMX, bmi2, vector, avx2: the CPU lacks bmi2",
        "AVX alone, avx, , vector, avx2: the CPU lacks avx2 bmi2 f16c fma",
        "none of it, sse2, , vector, avx2: the CPU lacks avx avx2 bmi2 f16c fma",
    })
    void shouldChooseWhatItsFeaturesAllow(String what, String with, String without, String chosen, String why) {
        assertThat(described(cpu(with, without)))
                .as(what)
                .startsWith(chosen + ": preferred")
                .contains(why);
    }

    @Test
    void shouldTakeTilesWhereTheSystemLendsThem() {
        String all = described(cpu("AVX2 AVX512 avx512_vnni AMX", null));
        if (AmxPermission.request()) assertThat(all).startsWith("amx: preferred; avx512-vnni: for the rest");
        else assertThat(all).startsWith("avx512-vnni: preferred").contains("amx: the system does not let");
    }

    @Test
    void shouldSayWhatCanBeForcedInstead() {
        try (Memory memory = Memory.withBudget(1 << 20)) {
            assertThatThrownBy(() -> KernelProviders.choose(cpu("AVX2", null), "avx512-vnni", memory))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("kernel provider cannot be forced: name=avx512-vnni: the CPU lacks avx512_vnni avx512bw"
                            + " avx512dq avx512f avx512vl; allowed here: avx2, vector, scalar");
        }
    }
}
