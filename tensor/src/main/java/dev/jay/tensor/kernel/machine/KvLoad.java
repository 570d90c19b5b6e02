// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Locale;
import java.util.Optional;

/** How sixteen values of a row of keys or values come into a register as f32, exactly. */
enum KvLoad {
    F32(FloatLoad.F32),
    F16(FloatLoad.F16),
    BF16(FloatLoad.BF16),
    /** Blocks of 32, each after its scale. */
    Q8_0(null);

    private static final int BLOCK_BYTES = 34;

    private final FloatLoad alone;

    KvLoad(FloatLoad alone) {
        this.alone = alone;
    }

    /** Empty if rows of this format are for others. */
    static Optional<KvLoad> of(String format) {
        for (KvLoad load : values()) if (load.name().toLowerCase(Locale.ROOT).equals(format)) return Optional.of(load);
        return Optional.empty();
    }

    /** Whether values stand alone, so that a row need not be decoded before it is used. */
    boolean isDirect() {
        return alone != null;
    }

    /** Bytes of sixteen values, if they stand alone. */
    int bytes() {
        return 16 * alone.bytes;
    }

    /** Sixteen values that stand alone. {@code to} may carry a zeroing mask: then what it leaves out is not read. */
    void load(X86Assembler a, Reg to, Mem from) {
        alone.load(a, to, from);
    }

    /** The {@code part}-th sixteen values of a row; may use zmm1. */
    void load(X86Assembler a, Reg to, Reg row, int part) {
        if (isDirect()) {
            load(a, to, mem(row, part * bytes()));
            return;
        }
        int block = part / 2 * BLOCK_BYTES;
        a.emit(VPBROADCASTW, ymm(1), mem(row, block)).emit(VCVTPH2PS, zmm(1), ymm(1));
        a.emit(VPMOVSXBD, to, mem(row, block + 2 + part % 2 * 16))
                .emit(VCVTDQ2PS, to, to)
                .emit(VMULPS, to, to, zmm(1));
    }
}
