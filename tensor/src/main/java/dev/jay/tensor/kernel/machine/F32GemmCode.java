// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVW;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT0;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Eight rows by up to three panels of sixteen columns: each value of c is one chain of fma in the order of k, then is
 * added to c or written.
 */
final class F32GemmCode {
    /** Places in the block of arguments. */
    static final int A = 0; // first of eight values of a panel, [k][16]

    static final int B = 1; // first panel, [k][16]
    static final int PANEL_BYTES = 2; // from a panel of b to the next
    static final int K = 3;
    static final int C = 4;
    static final int C_STRIDE = 5; // bytes
    static final int ROWS = 6; // 1 to 8
    static final int LAST = 7; // a bit for each column of the last panel
    static final int ADDED = 8; // 0: c is only written

    static final int MOST_ROWS = 8;
    static final int MOST_PANELS = 3;

    private static final int AHEAD = 1024; // of the panels of b, which come from the L2 cache

    private final int panels;
    private final X86Assembler a;

    private F32GemmCode(int panels, Set<String> features) {
        this.panels = panels;
        this.a = new X86Assembler(features);
    }

    static byte[] build(int panels, Set<String> features) {
        return new F32GemmCode(panels, features).build();
    }

    private byte[] build() {
        Label loop = a.label();
        Label write = a.label();
        Label end = a.label();
        a.emit(ENDBR64).emit(MOV, RSI, mem(RDI, 8 * A)).emit(MOV, RDX, mem(RDI, 8 * B));
        a.emit(MOV, R8, mem(RDI, 8 * PANEL_BYTES)).emit(MOV, RCX, mem(RDI, 8 * K));
        a.emit(MOV, R10, mem(RDI, 8 * C)).emit(MOV, R11, mem(RDI, 8 * C_STRIDE));
        a.emit(MOV, RAX, mem(RDI, 8 * LAST)).emit(KMOVW, k(1), RAX.low32());
        a.emit(MOV, R9, R10);
        for (int i = 0; i < MOST_ROWS; i++) {
            if (i < MOST_ROWS - 1) a.emit(PREFETCHT0, mem(R9, 0)).emit(ADD, R9, R11);
            for (int p = 0; p < panels; p++) a.emit(VPXORD, sum(i, p), sum(i, p), sum(i, p));
        }
        a.align(32).bind(loop);
        for (int p = 0; p < panels; p++) {
            a.emit(VMOVUPS, zmm(29 + p), panel(p, 0)).emit(PREFETCHT0, panel(p, AHEAD));
        }
        for (int i = 0; i < MOST_ROWS; i++) {
            Reg value = zmm(27 + i % 2);
            a.emit(VBROADCASTSS, value, mem(RSI, 4 * i));
            for (int p = 0; p < panels; p++) a.emit(VFMADD231PS, sum(i, p), value, zmm(29 + p));
        }
        a.emit(ADD, RSI, imm(64)).emit(ADD, RDX, imm(64));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, loop);
        a.emit(MOV, RCX, mem(RDI, 8 * ROWS)).emit(MOV, RAX, mem(RDI, 8 * ADDED));
        a.emit(TEST, RAX, RAX).jump(Condition.ZERO, write);
        store(true, end);
        a.jump(end);
        a.bind(write);
        store(false, end);
        a.bind(end).emit(VZEROUPPER).emit(RET);
        return a.finish();
    }

    private void store(boolean add, Label end) {
        for (int i = 0; i < MOST_ROWS; i++) {
            for (int p = 0; p < panels; p++) {
                boolean last = p == panels - 1;
                Reg s = sum(i, p);
                if (add) a.emit(VADDPS, last ? s.zero(k(1)) : s, s, mem(R10, 64 * p));
                a.emit(VMOVUPS, last ? mem(R10, 64 * p).mask(k(1)) : mem(R10, 64 * p), s);
            }
            if (i == MOST_ROWS - 1) break;
            a.emit(ADD, R10, R11).emit(CMP, RCX, imm(i + 2)).jump(Condition.BELOW, end);
        }
    }

    private static Mem panel(int p, int at) {
        return p == 0 ? mem(RDX, at) : mem(RDX, R8, p, at);
    }

    private Reg sum(int row, int panel) {
        return zmm(row * panels + panel);
    }
}
