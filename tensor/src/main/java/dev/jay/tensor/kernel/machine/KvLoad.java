// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMULPS;
import static dev.jay.tensor.asm.x86.Vectors.VPBROADCASTW;
import static dev.jay.tensor.asm.x86.Vectors.VPERMPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVSXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXBD;
import static dev.jay.tensor.asm.x86.Vectors.VPSRLD;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.CodeLevels;
import java.util.Locale;
import java.util.Optional;

/** How sixteen values of a row of keys or values come into a register as f32, exactly. */
enum KvLoad {
    F32(FloatLoad.F32),
    F16(FloatLoad.F16),
    BF16(FloatLoad.BF16),
    /** Blocks of 32 bytes, each after its scale. */
    Q8_0(34),
    /** Blocks of 32 codes of four bits, the low halves of 16 bytes first, each after its scale; a code looks its level up. */
    Q4_0(18),
    IQ4_NL(18);

    private static final int QUANTS = 2;
    private static final int ONE = 0x3C00; // as f16

    private final FloatLoad alone;
    private final int blockBytes;

    KvLoad(FloatLoad alone) {
        this.alone = alone;
        this.blockBytes = 0;
    }

    KvLoad(int blockBytes) {
        this.alone = null;
        this.blockBytes = blockBytes;
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

    /** Bytes of 32 values. */
    int lineBytes() {
        return isDirect() ? 2 * bytes() : blockBytes;
    }

    /** Sixteen values that stand alone. {@code to} may carry a zeroing mask: then what it leaves out is not read. */
    void load(X86Assembler a, Reg to, Mem from) {
        alone.load(a, to, from);
    }

    /** The {@code part}-th sixteen values of a row; may use zmm1. */
    void load(X86Assembler a, Constants constants, Reg to, Reg row, int part) {
        if (isDirect()) {
            load(a, to, mem(row, part * bytes()));
            return;
        }
        Mem block = mem(row, part / 2 * blockBytes);
        scale(a, zmm(1), block);
        half(a, constants, to, zmm(1), block, part % 2);
    }

    /** A block's scale, in every lane. */
    void scale(X86Assembler a, Reg to, Mem block) {
        a.emit(VPBROADCASTW, to.y(), block).emit(VCVTPH2PS, to, to.y());
    }

    /** The first or the second sixteen values of a block. */
    void half(X86Assembler a, Constants constants, Reg to, Reg scale, Mem block, int half) {
        if (this == Q8_0) {
            a.emit(VPMOVSXBD, to, after(block, QUANTS + 16 * half)).emit(VCVTDQ2PS, to, to);
        } else {
            a.emit(VPMOVZXBD, to, after(block, QUANTS));
            if (half > 0) a.emit(VPSRLD, to, to, imm(4));
            a.emit(VPERMPS, to, to, levels(constants)); // of an index, its lowest four bits count
        }
        a.emit(VMULPS, to, to, scale);
    }

    /** Both; nothing is loaded twice. */
    void halves(X86Assembler a, Constants constants, Reg low, Reg high, Reg scale, Mem block) {
        if (this == Q8_0) {
            half(a, constants, low, scale, block, 0);
            half(a, constants, high, scale, block, 1);
            return;
        }
        a.emit(VPMOVZXBD, high, after(block, QUANTS)).emit(VPERMPS, low, high, levels(constants));
        a.emit(VPSRLD, high, high, imm(4)).emit(VPERMPS, high, high, levels(constants));
        a.emit(VMULPS, low, low, scale).emit(VMULPS, high, high, scale);
    }

    private Mem levels(Constants constants) {
        float[] levels = CodeLevels.of(name().toLowerCase(Locale.ROOT), ONE);
        int[] bits = new int[16];
        for (int i = 0; i < bits.length; i++) bits[i] = Float.floatToRawIntBits(levels[i]);
        return constants.ints(bits);
    }

    static Mem after(Mem m, int bytes) {
        return new Mem(m.base(), m.index(), m.scale(), m.disp() + bytes, false, 0, null);
    }
}
