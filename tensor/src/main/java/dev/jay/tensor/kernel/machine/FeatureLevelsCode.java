// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVQ;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU16;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU8;
import static dev.jay.tensor.asm.x86.Avx512.VPBROADCASTD_GPR;
import static dev.jay.tensor.asm.x86.Avx512.VPERMW;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.MOVZX8;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDD;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLVD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLVD;
import static dev.jay.tensor.asm.x86.Vectors.VSUBPS;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.FeatureLevels;
import java.util.Optional;

/**
 * Sixteen codes of any bits at a time: each lane gets the two words that hold its code, which is shifted up to the end of
 * the lane and down to its beginning. The group is copied to working space first, so that reading past its last code
 * harms nobody.
 */
final class FeatureLevelsCode implements GroupCode {
    private static final int MOST_DIRECTIONS = 512; // code grows with them
    private static final int BEHIND = 64; // that may be read past the last code
    private static final Reg SCALE = zmm(21);
    private static final Reg WHERE = zmm(24);

    private final FeatureLevels format;

    private FeatureLevelsCode(FeatureLevels format) {
        this.format = format;
    }

    static Optional<GroupCode> of(FeatureLevels format) {
        return format.width() <= MOST_DIRECTIONS ? Optional.of(new FeatureLevelsCode(format)) : Optional.empty();
    }

    @Override
    public int scratchBytes() {
        return Math.ceilDiv(format.bytes(), 64) * 64 + BEHIND;
    }

    @Override
    public void begin(GroupsCode code) {
        int last = format.bytes() % 64;
        code.a.emit(MOV, RAX, imm(last == 0 ? 0 : -1L >>> 64 - last)).emit(KMOVQ, k(1), RAX);
    }

    @Override
    public void group(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        copy(code);
        a.emit(MOV, RSI, R15).emit(MOV, RDI, R14);
        code.rows(
                format.rows(),
                1,
                _ -> row(code, rows),
                () -> a.emit(ADD, RSI, imm(format.rowBytes())).emit(ADD, RDI, imm(rows.rowBytes())));
    }

    private void copy(GroupsCode code) {
        X86Assembler a = code.a;
        a.emit(MOV, RSI, RBX).emit(MOV, RDI, R15);
        if (format.bytes() >= 64) {
            code.rows(
                    format.bytes() / 64,
                    1,
                    _ -> a.emit(VMOVUPS, zmm(0), mem(RSI, 0)).emit(VMOVUPS, mem(RDI, 0), zmm(0)),
                    () -> a.emit(ADD, RSI, imm(64)).emit(ADD, RDI, imm(64)));
        }
        if (format.bytes() % 64 == 0) return;
        a.emit(VMOVDQU8, zmm(0).zero(k(1)), mem(RSI, 0)).emit(VMOVUPS, mem(RDI, 0), zmm(0));
    }

    private void row(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        scale(code);
        for (int block = 0; 32 * block < format.width(); block++) {
            for (int p = 0; p < 2 && 32 * block + 16 * p < format.width(); p++) {
                features(code, 2 * block + p, zmm(2 * (block % 4) + p));
            }
            Reg low = zmm(2 * (block % 4));
            rows.store(a, block, mem(RDI, block * rows.blockBytes()), low, zmm(low.number() + 1));
        }
    }

    /** A row's, in every lane: its lowest two bits say which part of an octave, the others which octave. */
    private void scale(GroupsCode code) {
        X86Assembler a = code.a;
        int[] parts = new int[16];
        for (int i = 0; i < parts.length; i++) parts[i] = Float.floatToRawIntBits(FeatureLevels.scale(i % 4));
        a.emit(MOVZX8, RAX.low32(), mem(RSI, 0)).emit(VPBROADCASTD_GPR, zmm(20), RAX.low32());
        a.emit(VPERMPS, SCALE, zmm(20), code.constants.ints(parts));
        a.emit(VPSRLD, zmm(20), zmm(20), imm(2)).emit(VPSLLD, zmm(20), zmm(20), imm(23));
        a.emit(VPADDD, SCALE, SCALE, zmm(20));
    }

    private void features(GroupsCode code, int part, Reg to) {
        X86Assembler a = code.a;
        int first = 8;
        for (int r = 0; r < 16 * part; r++) first += format.bits().get(r);
        int[] words = new int[16];
        int[] up = new int[16];
        int[] down = new int[16];
        int[] middles = new int[16];
        int[] steps = new int[16];
        int bit = first % 8;
        for (int i = 0; i < 16; i++) {
            int r = 16 * part + i;
            int bits = r < format.width() ? format.bits().get(r) : 0;
            words[i] = (bit / 16 + 1) << 16 | bit / 16;
            up[i] = 32 - bit % 16 - bits;
            down[i] = 32 - bits; // of no bits: all of them, which leaves zero
            middles[i] = Float.floatToRawIntBits(((1 << bits) - 1) * 0.5f);
            steps[i] =
                    Float.floatToRawIntBits(r < format.width() ? format.steps().get(r) : 0);
            bit += bits;
        }
        a.emit(VMOVUPS, WHERE, code.constants.ints(words)).emit(VMOVDQU16, to.y(), mem(RSI, first / 8));
        a.emit(VPERMW, to, WHERE, to).emit(VPSLLVD, to, to, code.constants.ints(up));
        a.emit(VPSRLVD, to, to, code.constants.ints(down)).emit(VCVTDQ2PS, to, to);
        a.emit(VSUBPS, to, to, code.constants.ints(middles)).emit(VMULPS, to, to, code.constants.ints(steps));
        a.emit(VMULPS, to, to, SCALE);
    }
}
