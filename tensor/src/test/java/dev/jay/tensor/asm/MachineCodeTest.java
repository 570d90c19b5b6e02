// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import static dev.jay.tensor.SystemRefusals.What.EXECUTABLE_PAGES;
import static dev.jay.tensor.SystemRefusals.What.TILES;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.jay.tensor.SystemRefusals;
import dev.jay.tensor.asm.x86.AmxPermission;
import dev.jay.tensor.asm.x86.CpuId;
import dev.jay.tensor.asm.x86.Imm;
import dev.jay.tensor.asm.x86.Integers;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineCodeTest {
    private static final int EACCES = 13;
    private static final Set<String> KNOWN =
            Set.of("fma", "avx", "avx2", "f16c", "bmi2", "avx512f", "avx512vl", "avx512_vnni", "avx_vnni", "amx_tile");

    @BeforeEach
    void onlyOnX86() {
        assumeTrue(CpuId.isX86(), "machine code for x86-64 runs on x86-64 Linux");
        assumeFalse(SystemRefusals.has(EXECUTABLE_PAGES), "this run is refused executable pages");
    }

    /** Adds a number to the long at its argument. */
    private static byte[] adder(int number) {
        X86Assembler a = new X86Assembler(Set.of());
        a.emit(Integers.ENDBR64).emit(Integers.MOV, RAX, mem(RDI, 0)).emit(Integers.ADD, RAX, Imm.imm(number));
        return a.emit(Integers.MOV, mem(RDI, 0), RAX).emit(Integers.RET).finish();
    }

    private static MachineCode reserve(Memory memory, long bytes, CodePages pages) {
        return MachineCode.reserve(memory, bytes, pages);
    }

    @Test
    void shouldRunWhatWasLoaded() {
        try (Memory memory = Memory.withBudget(1 << 20);
                MachineCode code = reserve(memory, 20_000, CodePages.ofThisSystem());
                Region cell = memory.reserve("cell", 8)) {
            MachineCode.Function seven = code.load("seven", adder(7));
            MachineCode.Function thousand = code.load("thousand", adder(1000));
            for (int i = 0; i < 30_000; i++) {
                seven.call(cell.bytes().address());
                thousand.callBriefly(cell.bytes().address());
            }
            assertThat(cell.bytes().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(30_000L * 1007);
            assertThat(memory.byPurpose()).containsEntry(MachineCode.PURPOSE, 20_480L);
        }
    }

    @Test
    void shouldNeverBeWritableAndExecutable() throws IOException {
        try (Memory memory = Memory.withBudget(1 << 20);
                MachineCode code = reserve(memory, 8192, CodePages.ofThisSystem())) {
            long first = code.load("one", adder(1)).address();
            List<String> maps = Files.readAllLines(Path.of("/proc/self/maps"));
            assertThat(permissions(maps, first)).isEqualTo("r-xp");
            assertThat(permissions(maps, first + 4096)).isEqualTo("rw-p");
        }
    }

    private static String permissions(List<String> maps, long address) {
        for (String line : maps) {
            String[] parts = line.split("[- ]", 3);
            long from = Long.parseUnsignedLong(parts[0], 16);
            long to = Long.parseUnsignedLong(parts[1], 16);
            if (Long.compareUnsigned(address, from) >= 0 && Long.compareUnsigned(address, to) < 0) {
                return parts[2].substring(0, 4);
            }
        }
        return "unmapped";
    }

    @Test
    void shouldSayWhenTheSystemRefuses() {
        CodePages real = CodePages.ofThisSystem();
        try (Memory memory = Memory.withBudget(1 << 20)) {
            assertThatThrownBy(() -> reserve(memory, 8192, PagesBut.none()))
                    .isInstanceOfSatisfying(
                            MachineCodeException.class,
                            e -> assertThat(e.errno()).isEqualTo(EACCES));
            assertThat(memory.used()).isZero();
            try (MachineCode code = reserve(memory, 8192, PagesBut.notExecutable())) {
                assertThatThrownBy(() -> code.load("one", adder(1))).hasMessage("executable pages refused: errno=13");
            }
            assertThatThrownBy(() -> real.makeExecutable(4096L * 3, 4096)) // not mapped
                    .hasMessageContaining("mprotect")
                    .hasMessageContaining("errno=12");
            assertThatThrownBy(() -> real.map(1L << 62))
                    .hasMessageContaining("mmap")
                    .hasMessageContaining("errno=12");
        }
    }

    @Test
    void shouldRefuseMoreThanWasReservedAndCallsAfterClose() {
        try (Memory memory = Memory.withBudget(1 << 20)) {
            MachineCode code = reserve(memory, 4096, CodePages.ofThisSystem());
            MachineCode.Function one = code.load("one", adder(1));
            assertThatThrownBy(() -> code.load("two", adder(2))).hasMessageContaining("function=two, wanted=4096");
            code.close();
            assertThatThrownBy(() -> one.call(0)).hasMessageContaining("closed: function=one");
            assertThatThrownBy(() -> code.load("two", adder(2))).hasMessageContaining("closed: function=two");
            assertThat(memory.used()).isZero();
            assertThatThrownBy(() -> reserve(memory, 2 << 20, CodePages.ofThisSystem()))
                    .hasMessageContaining("purpose=machine-code");
        }
    }

    @Test
    void shouldNameFunctionsForPerf(@TempDir Path folder) throws IOException {
        Path map = Files.writeString(folder.resolve("perf.map"), "of a process that ended");
        try (Memory memory = Memory.withBudget(1 << 20);
                MachineCode code =
                        reserve(memory, 8192, CodePages.ofThisSystem().withPerfMap(map))) {
            long at = code.load("one", adder(1)).address();
            assertThat(Files.readAllLines(map))
                    .containsExactly(Long.toHexString(at) + " " + Integer.toHexString(adder(1).length) + " jay::one");
        }
    }

    @Test
    void shouldReadOfTheCpuWhatLinuxListsAndPerhapsMore() throws IOException {
        List<String> info = Files.readAllLines(Path.of("/proc/cpuinfo"));
        Set<String> listed = new HashSet<>(Arrays.asList(value(info, "flags").split(" ")));
        listed.retainAll(KNOWN); // Linux may be told to hide some of what is there
        try (Memory memory = Memory.withBudget(1 << 20);
                MachineCode code = reserve(memory, 32768, CodePages.ofThisSystem())) {
            CpuId id = CpuId.read(code, memory);
            assertThat(id.features()).containsAll(listed);
            assertThat(id.model()).isEqualTo(value(info, "model name"));
            CpuId.require(listed, code, memory);
            assertThatThrownBy(() -> CpuId.require(Set.of("fma", "amx_next"), code, memory))
                    .isInstanceOf(MachineCodeException.class)
                    .hasMessageContaining("does not offer what the system lists: missing=[amx_next]");
        }
    }

    private static String value(List<String> info, String key) {
        return info.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }

    @Test
    void shouldBeLentTilesOnlyWhereThereAreSome() {
        try (Memory memory = Memory.withBudget(1 << 20);
                MachineCode code = reserve(memory, 16384, CodePages.ofThisSystem())) {
            boolean tiles = CpuId.read(code, memory).features().contains("amx_tile");
            assertThat(AmxPermission.request()).isEqualTo(tiles && !SystemRefusals.has(TILES));
        }
    }
}
