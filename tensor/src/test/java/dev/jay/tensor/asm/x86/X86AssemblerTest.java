// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.tensor.asm.Label;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class X86AssemblerTest {
    private static Set<String> everything() {
        Set<String> all = new HashSet<>();
        for (Instruction i : GoldenCode.instructions())
            for (Row r : i.rows()) all.add(r.encoding().feature());
        all.add("avx512vl");
        return all;
    }

    private static String hex(X86Assembler a) {
        return HexFormat.of().formatHex(a.finish());
    }

    @Test
    void shouldWriteEveryRowAsGnuAsDoes() {
        List<String> golden = GoldenCode.golden();
        List<GoldenCode.Case> cases = GoldenCode.cases();
        Set<String> all = everything();
        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < Math.min(golden.size(), cases.size()); i++) {
            GoldenCode.Case c = cases.get(i);
            String mine = hex(new X86Assembler(all).emit(c.instruction(), c.array())) + "\t" + c.text();
            if (!mine.equals(golden.get(i))) wrong.add("\nmine " + mine + "\nas   " + golden.get(i));
        }
        assertThat(wrong.stream().limit(20)).as("%d differ", wrong.size()).isEmpty();
        assertThat(golden).hasSameSizeAs(cases);
        assertThat(cases).hasSizeGreaterThan(4000);
    }

    @Test
    void shouldJumpShortBackwardsAndFarForwards() {
        X86Assembler a = new X86Assembler(Set.of());
        Label start = a.label();
        Label end = a.label();
        a.bind(start)
                .jump(Condition.ZERO, end)
                .emit(Integers.DEC, RAX)
                .jump(Condition.NOT_ZERO, start)
                .jump(end);
        a.bind(end).emit(Integers.RET);
        // jz +10; dec rax; jnz -11; jmp +0; ret
        assertThat(hex(a)).isEqualTo("0f840a000000" + "48ffc8" + "75f5" + "e900000000" + "c3");
    }

    @Test
    void shouldJumpFarBackwardsWhereTheLabelIsNotNear() {
        X86Assembler a = new X86Assembler(Set.of());
        Label start = a.label();
        a.bind(start);
        for (int i = 0; i < 130; i++) a.emit(Integers.RET);
        a.jump(start).jump(Condition.GREATER, start);
        assertThat(hex(a)).endsWith("e979ffffff" + "0f8f73ffffff");
    }

    @Test
    void shouldReachConstantsFromTheNextInstruction() {
        X86Assembler a = new X86Assembler(Set.of("avx512f", "avx512vl", "avx2"));
        Label table = a.label();
        a.emit(Vectors.VPADDD, zmm(1), zmm(2), mem(table, 4)).emit(Vectors.VPSHUFD, ymm(1), mem(table), imm(3));
        a.emit(Integers.RET).bind(table).int32(1, 2);
        assertThat(hex(a)).isEqualTo("62f16d48fe0d0e000000" + "c5fd700d0100000003" + "c3" + "0100000002000000");
    }

    @Test
    void shouldRejectWhatNoRowTakes() {
        X86Assembler a = new X86Assembler(everything());
        assertThatThrownBy(() -> a.emit(Vectors.VADDPS, zmm(0), ymm(1), zmm(2)))
                .hasMessageContaining("vaddps [zmm0, ymm1, zmm2]");
        assertThatThrownBy(() -> a.emit(Vectors.VPAND, ymm(0), ymm(16), ymm(2))).hasMessageContaining("vpand");
        assertThatThrownBy(
                        () -> a.emit(Vectors.VPADDB, zmm(0), zmm(1), mem(RAX, 0).each()))
                .hasMessageContaining("vpaddb");
        assertThatThrownBy(() -> a.emit(Integers.ADD, RAX, imm(1L << 40))).hasMessageContaining("add");
        assertThatThrownBy(() -> a.emit(Integers.ADD, RAX, RCX, RCX)).hasMessageContaining("add");
        assertThatThrownBy(() -> mem(RAX, RCX.low32(), 4, 0)).hasMessageContaining("index");
        assertThatThrownBy(() -> xmm(32)).hasMessageContaining("number=32");
    }

    @Test
    void shouldRejectWhatTheCpuLacks() {
        X86Assembler a = new X86Assembler(Set.of("avx", "avx512f"));
        a.emit(Vectors.VADDPS, ymm(0), ymm(1), ymm(2)).emit(Vectors.VADDPS, zmm(0), zmm(1), zmm(2));
        assertThat(a.used()).containsExactlyInAnyOrder("avx", "avx512f");
        assertThatThrownBy(() -> a.emit(Vectors.VADDPS, ymm(16), ymm(1), ymm(2)))
                .hasMessageContaining("feature=avx512vl");
        assertThatThrownBy(() -> a.emit(Avx512.VPDPBUSD, zmm(0), zmm(1), zmm(2)))
                .hasMessageContaining("instruction=vpdpbusd, feature=avx512_vnni");
    }

    @Test
    void shouldRefuseALabelNeverBound() {
        X86Assembler a = new X86Assembler(Set.of());
        a.jump(a.label());
        assertThatThrownBy(a::finish).hasMessageContaining("never bound");
    }
}
