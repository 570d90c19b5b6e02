// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVDQU;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPAND;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFB;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLW;
import static dev.jay.tensor.asm.x86.Vectors.VPUNPCKHQDQ;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.CodeLevels;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Locale;
import java.util.Optional;

/** How a row of keys or values becomes f32, exactly. */
enum KvLoad {
    F32(FloatLoad.F32),
    F16(FloatLoad.F16),
    BF16(FloatLoad.BF16),
    /** Blocks of 32 bytes, each after its scale. */
    Q8_0(null),
    /** Blocks of 32 codes of four bits, the low halves of 16 bytes first, each after its scale; a code looks its level up. */
    Q4_0(null),
    IQ4_NL(null);

    private static final int BYTES = 34; // of a block
    private static final int HALVES = 18;
    private static final int QUANTS = 2;
    private static final int ONE = 0x3C00; // as f16

    private final FloatLoad alone;

    KvLoad(FloatLoad alone) {
        this.alone = alone;
    }

    /** Empty if rows of this format are for others. */
    static Optional<KvLoad> of(String format) {
        for (KvLoad load : values()) if (load.name().toLowerCase(Locale.ROOT).equals(format)) return Optional.of(load);
        return Optional.empty();
    }

    /** Whether a row is what {@link #decode} would make of it. */
    boolean isDecoded(int width) {
        return this == F32 && width % 8 == 0;
    }

    /** The row at rsi to rdi, padded with zeros to whole vectors. Uses rax and ymm0 to ymm3. */
    void decode(X86Assembler a, Constants constants, int width) {
        if (alone == null) {
            for (int b = 0; b < width / 32; b++) {
                if (this == Q8_0) bytes(a, b);
                else halves(a, constants, b);
            }
            return;
        }
        for (int part = 0; part < width / 8; part++) {
            alone.load(a, ymm(0), mem(RSI, part * 8 * alone.bytes));
            a.emit(VMOVUPS, mem(RDI, 32 * part), ymm(0));
        }
        if (width % 8 == 0) return;
        a.emit(VXORPS, ymm(0), ymm(0), ymm(0)).emit(VMOVUPS, mem(RDI, width / 8 * 32), ymm(0));
        for (int i = width / 8 * 8; i < width; i++) {
            alone.one(a, ymm(0), mem(RSI, i * alone.bytes));
            a.emit(VMOVSS, mem(RDI, 4 * i), xmm(0));
        }
    }

    private static void scale(X86Assembler a, int at) {
        a.emit(VPBROADCASTW, xmm(1), mem(RSI, at)).emit(VCVTPH2PS, xmm(1), xmm(1));
        a.emit(VBROADCASTSS, ymm(1), xmm(1));
    }

    private static void bytes(X86Assembler a, int b) {
        scale(a, b * BYTES);
        for (int i = 0; i < 4; i++) {
            a.emit(VPMOVSXBD, ymm(0), mem(RSI, b * BYTES + QUANTS + 8 * i));
            scaled(a, 128 * b + 32 * i);
        }
    }

    private void halves(X86Assembler a, Constants constants, int b) {
        scale(a, b * HALVES);
        for (int high = 0; high < 2; high++) {
            a.emit(VMOVDQU, xmm(2), mem(RSI, b * HALVES + QUANTS));
            if (high > 0) a.emit(VPSRLW, xmm(2), xmm(2), imm(4));
            a.emit(VPAND, xmm(2), xmm(2), constants.ints(0x0F0F0F0F, 0x0F0F0F0F, 0x0F0F0F0F, 0x0F0F0F0F));
            a.emit(VMOVDQU, xmm(3), levels(constants)).emit(VPSHUFB, xmm(2), xmm(3), xmm(2));
            a.emit(VPMOVSXBD, ymm(0), xmm(2));
            scaled(a, 128 * b + 64 * high);
            a.emit(VPUNPCKHQDQ, xmm(2), xmm(2), xmm(2)).emit(VPMOVSXBD, ymm(0), xmm(2));
            scaled(a, 128 * b + 64 * high + 32);
        }
    }

    private static void scaled(X86Assembler a, int to) {
        a.emit(VCVTDQ2PS, ymm(0), ymm(0)).emit(VMULPS, ymm(0), ymm(0), ymm(1)).emit(VMOVUPS, mem(RDI, to), ymm(0));
    }

    /** Sixteen bytes: levels are whole numbers. */
    private Mem levels(Constants constants) {
        float[] levels = CodeLevels.of(name().toLowerCase(Locale.ROOT), ONE);
        int[] packed = new int[4];
        for (int i = 0; i < 16; i++) packed[i / 4] |= ((int) levels[i] & 0xFF) << i % 4 * 8;
        return constants.ints(packed);
    }
}
