// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VBLENDMPS;
import static dev.jay.tensor.asm.x86.Avx512.VCMPPS;
import static dev.jay.tensor.asm.x86.Avx512.VGETEXPPS;
import static dev.jay.tensor.asm.x86.Avx512.VPXORD;
import static dev.jay.tensor.asm.x86.Avx512.VSCALEFPS;
import static dev.jay.tensor.asm.x86.Avx512.VSHUFF32X4;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMOVL;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Integers.TEST;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VADDPS;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VDIVPS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD213PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/** The beginning and the end of attention of few queries, of all heads and their quads. */
final class FewEnds {
    static final int QUADS = 0; // where they begin
    static final int HEADS = 1;
    static final int QUERIES = 2; // of a head
    static final int ROWS = 3; // queries in the beginning, out in the end
    static final int STRIDE = 4; // bytes
    static final int SCALE = 5; // a float's bits: queries are multiplied by it
    static final int LSE = 6;
    static final int LSE_STRIDE = 7;

    private static final int NOT_EQUAL = 4; // of vcmpps
    private static final float[] ARTANH = {1f, 1f / 3, 1f / 5, 1f / 7, 1f / 9, 1f / 11, 1f / 13}; // of odd powers

    private final FewLayout layout;
    private final X86Assembler a;
    private final Constants constants;

    private FewEnds(FewLayout layout, Set<String> features) {
        this.layout = layout;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    /** Quads that have seen nothing; queries that are not there become zeros. */
    static byte[] begin(FewLayout layout, Set<String> features) {
        return new FewEnds(layout, features).begin();
    }

    /** out = sums / sum of weights, or zeros where nothing was seen; and the logarithm of the sum of what scores are powers of. */
    static byte[] finish(FewLayout layout, Set<String> features) {
        return new FewEnds(layout, features).finish();
    }

    private static Mem arg(int index) {
        return mem(RBX, 8 * index);
    }

    /** Of each quad at rdx: rcx is how many queries it has, rdi the row of the first, rsi the stride. */
    private byte[] each(int width, Runnable begin, Runnable quad) {
        Label head = a.label();
        Label next = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(PUSH, R12).emit(PUSH, R13).emit(MOV, RBX, RDI);
        LaneMask.first(a, k(1), width % FewLayout.PART);
        a.emit(VPXORD, zmm(5), zmm(5), zmm(5));
        begin.run();
        a.emit(MOV, RDX, arg(QUADS))
                .emit(MOV, RDI, arg(ROWS))
                .emit(MOV, RSI, arg(STRIDE))
                .emit(MOV, R8, arg(LSE));
        a.emit(MOV, R13, arg(HEADS)).bind(head).emit(MOV, R12, arg(QUERIES));
        a.bind(next).emit(MOV, RCX, imm(FewLayout.QUAD)).emit(CMP, R12, RCX).emit(CMOVL, RCX, R12);
        quad.run();
        a.emit(ADD, RDX, imm(layout.quadBytes()))
                .emit(SUB, R12, imm(FewLayout.QUAD))
                .jump(Condition.GREATER, next);
        a.emit(DEC, R13).jump(Condition.NOT_ZERO, head);
        a.emit(VZEROUPPER).emit(POP, R13).emit(POP, R12).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    private void each(int register, float value) {
        a.emit(VBROADCASTSS, zmm(register), constants.ints(Float.floatToRawIntBits(value)));
    }

    private byte[] begin() {
        return each(
                layout.keyWidth(),
                () -> {
                    a.emit(VBROADCASTSS, zmm(4), arg(SCALE));
                    each(3, -Float.MAX_VALUE);
                },
                this::beginQuad);
    }

    private void beginQuad() {
        Label clear = a.label();
        Label next = a.label();
        a.emit(MOV, R10, RDX).emit(MOV, RAX, imm(layout.quadBytes() / 64));
        a.bind(clear).emit(VMOVUPS, mem(R10, 0), zmm(5)).emit(ADD, R10, imm(64));
        a.emit(DEC, RAX).jump(Condition.NOT_ZERO, clear);
        a.emit(VMOVUPS, mem(RDX, layout.max()), zmm(3)).emit(MOV, R10, RDX).bind(next);
        for (int part = 0; part < layout.keyParts(); part++) {
            boolean isShort = layout.keyWidth() < FewLayout.PART * (part + 1);
            a.emit(VMULPS, isShort ? zmm(0).zero(k(1)) : zmm(0), zmm(4), mem(RDI, 64 * part));
            a.emit(VMOVUPS, mem(R10, FewLayout.PART_BYTES * part), zmm(0));
        }
        a.emit(ADD, RDI, RSI).emit(ADD, R10, imm(64)).emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    private byte[] finish() {
        return each(layout.valueWidth(), () -> each(3, 1f), this::finishQuad);
    }

    private void finishQuad() {
        Label next = a.label();
        Label nothing = a.label();
        Label end = a.label();
        a.emit(VMOVUPS, zmm(0), mem(RDX, layout.sum()));
        foldSlots(a, VADDPS, zmm(0), zmm(1));
        a.emit(VMOVUPS, mem(RDX, layout.sum()), zmm(0));
        logarithm();
        a.emit(LEA, R10, mem(RDX, layout.sum())).emit(MOV, R11, RDX).bind(next);
        a.emit(MOV, RAX.low32(), mem(R10, layout.max() - layout.sum())).emit(MOV, mem(R8, 0), RAX.low32());
        a.emit(MOV, RAX.low32(), mem(R10, 0)).emit(TEST, RAX, RAX).jump(Condition.ZERO, nothing);
        a.emit(VBROADCASTSS, zmm(4), mem(R10, 0)).emit(VDIVPS, zmm(4), zmm(3), zmm(4));
        for (int part = 0; part < layout.valueParts(); part++) {
            a.emit(VMULPS, zmm(0), zmm(4), mem(R11, layout.sums() + FewLayout.PART_BYTES * part));
            store(part, zmm(0));
        }
        a.jump(end).bind(nothing);
        for (int part = 0; part < layout.valueParts(); part++) store(part, zmm(5));
        a.bind(end)
                .emit(ADD, RDI, RSI)
                .emit(ADD, R11, imm(64))
                .emit(ADD, R10, imm(4))
                .emit(ADD, R8, arg(LSE_STRIDE));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    /**
     * The quad's maxima become log-sum-exps of zmm0, its sums: maximum * ln 2 + ln sum, where ln m of a mantissa m is twice
     * the inverse hyperbolic tangent of (m - 1) / (m + 1), by its series, whose rest is less than 1e-8. Uses zmm1 to zmm9.
     */
    private void logarithm() {
        each(9, (float) Math.log(2));
        a.emit(VGETEXPPS, zmm(1), zmm(0)).emit(VSUBPS, zmm(2), zmm(5), zmm(1)).emit(VSCALEFPS, zmm(2), zmm(0), zmm(2));
        a.emit(VSUBPS, zmm(6), zmm(2), zmm(3))
                .emit(VADDPS, zmm(7), zmm(2), zmm(3))
                .emit(VDIVPS, zmm(6), zmm(6), zmm(7));
        a.emit(VMULPS, zmm(7), zmm(6), zmm(6));
        each(8, ARTANH[ARTANH.length - 1]);
        for (int i = ARTANH.length - 2; i >= 0; i--) {
            each(4, ARTANH[i]);
            a.emit(VFMADD213PS, zmm(8), zmm(7), zmm(4));
        }
        a.emit(VMULPS, zmm(8), zmm(8), zmm(6)).emit(VADDPS, zmm(8), zmm(8), zmm(8));
        a.emit(VADDPS, zmm(1), zmm(1), mem(RDX, layout.max())).emit(VFMADD213PS, zmm(1), zmm(9), zmm(8));
        each(2, Float.NEGATIVE_INFINITY);
        a.emit(VCMPPS, k(2), zmm(0), zmm(5), imm(NOT_EQUAL)).emit(VBLENDMPS, zmm(1).mask(k(2)), zmm(2), zmm(1));
        a.emit(VMOVUPS, mem(RDX, layout.max()), zmm(1));
    }

    /** Every slot's lanes get what comes of all four: the same bits for each query, whatever stands beside it. */
    static void foldSlots(X86Assembler a, Instruction by, Reg lanes, Reg spare) {
        a.emit(VSHUFF32X4, spare, lanes, lanes, imm(0x4E)).emit(by, lanes, lanes, spare);
        a.emit(VSHUFF32X4, spare, lanes, lanes, imm(0xB1)).emit(by, lanes, lanes, spare);
    }

    private void store(int part, Reg from) {
        Mem to = mem(RDI, 64 * part);
        a.emit(VMOVUPS, layout.valueWidth() < FewLayout.PART * (part + 1) ? to.mask(k(1)) : to, from);
    }
}
