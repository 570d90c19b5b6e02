// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;

import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Locale;
import java.util.Optional;

/** How a row of keys or values becomes f32, exactly. */
enum KvLoad {
    F32(FloatLoad.F32),
    F16(FloatLoad.F16),
    BF16(FloatLoad.BF16),
    /** Blocks of 32, each after its scale. */
    Q8_0(null);

    private static final int BLOCK = 34;

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

    /** The row at rsi to rdi, padded with zeros to whole vectors. Uses rax, ymm0 and ymm1. */
    void decode(X86Assembler a, int width) {
        if (alone == null) {
            for (int b = 0; b < width / 32; b++) block(a, b);
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

    private static void block(X86Assembler a, int b) {
        a.emit(VPBROADCASTW, xmm(1), mem(RSI, b * BLOCK)).emit(VCVTPH2PS, xmm(1), xmm(1));
        a.emit(VBROADCASTSS, ymm(1), xmm(1));
        for (int i = 0; i < 4; i++) {
            a.emit(VPMOVSXBD, ymm(0), mem(RSI, b * BLOCK + 2 + 8 * i)).emit(VCVTDQ2PS, ymm(0), ymm(0));
            a.emit(VMULPS, ymm(0), ymm(0), ymm(1)).emit(VMOVUPS, mem(RDI, 128 * b + 32 * i), ymm(0));
        }
    }
}
