// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTD;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** By dot products of four bytes in each lane. */
final class VnniProducts implements Products {
    static final int MOST_TOKENS = 8;

    private final X86Assembler a;
    private final int sumCols;
    private final int tokens;

    VnniProducts(X86Assembler a, int sumCols, int tokens) {
        this.a = a;
        this.sumCols = sumCols;
        this.tokens = tokens;
    }

    @Override
    public void enter() {}

    /** Each sum waits for its last step, so the sums of all tokens take their steps in turn. */
    @Override
    public void begin(int turn) {
        int c = (sumCols < Int8Form.BLOCK ? Int8Form.C16 : Int8Form.C) - Int8Form.D;
        for (int t = 0; t < tokens; t++) a.emit(VPBROADCASTD, accumulator(t), mem(R10, c + 4 * t));
        for (int i = 0; i < sumCols / 4; i++) {
            Reg w = zmm(26 + i % 2);
            a.emit(VMOVDQU64, w, mem(RDI, 64 * i));
            for (int t = 0; t < tokens; t++) {
                a.emit(
                        VPDPBUSD,
                        accumulator(t),
                        w,
                        mem(RSI, Int8Form.BLOCK * t + 4 * i).each());
            }
        }
    }

    @Override
    public boolean comeLater() {
        return false;
    }

    @Override
    public void end(int turn) {}

    @Override
    public Reg sum(int turn, int token) {
        a.emit(VCVTDQ2PS, accumulator(token), accumulator(token));
        return accumulator(token);
    }

    private static Reg accumulator(int token) {
        return zmm(18 + token);
    }

    @Override
    public void leave() {}
}
