// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU16;
import static dev.jay.tensor.asm.x86.Avx512.VPANDD;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VBROADCASTSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPADDW;
import static dev.jay.tensor.asm.x86.Vectors.VPSRAW;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * Rows of keys or values as {@link AmxFewCode} wants them: bf16, as they lie. Those of f16 become so without conversion to
 * f32, in three instructions for 32 values instead of some eight: exponent and fraction move three bits down, rounded, and
 * what comes of it is bf16 but {@link #SMALLER} times too small, as both formats count exponents from where they please.
 * What makes up for that is a power of two among what rows are multiplied by. Tiles take bf16's smallest numbers for zero:
 * these are f16's below {@link #LEAST}.
 */
final class AmxFewRows {
    /** The binary logarithm of how many times too small rows of f16 come out. */
    static final int SMALLER = 112;

    /** The least number of f16 that is not taken for zero. */
    static final double LEAST = 0x1p-14;

    /** Half of what three bits less cannot say, or almost: one in eight is a tie, which goes up in every other place. */
    private static final int[] ROUND = {0x00030004, 0x00040003}; // of rows in turn

    private static final int QUERY_SCALE = 16;
    private static final int WEIGHT_SCALE = 64;
    private static final int KEPT = 0x8FFF8FFF; // the exponent's highest bits are none of f16's
    private static final int AHEAD = AmxLayout.ENTRY; // of what is asked for
    private static final int FAR = 2 * AmxLayout.BLOCK_TILES * AmxLayout.ENTRY;
    private static final int OS_PAGE = 4096;

    private final X86Assembler a;
    private final Constants constants;
    private final AmxRows others;

    AmxFewRows(X86Assembler a, Constants constants, AmxLayout layout) {
        this.a = a;
        this.constants = constants;
        this.others = new AmxRows(a, constants, layout);
    }

    /** Whether rows come out {@link #SMALLER}. */
    static boolean isSmaller(KvLoad load) {
        return load == KvLoad.F16;
    }

    /** The binary logarithm of what queries are to be multiplied by, so that no product is too small for tiles. */
    static int queryScale(KvLoad keys) {
        return isSmaller(keys) ? QUERY_SCALE : 0;
    }

    /** The binary logarithm of what scores are too small by. */
    static int scoreScale(KvLoad keys) {
        return isSmaller(keys) ? SMALLER - QUERY_SCALE : 0;
    }

    /** The binary logarithm of what weights are to be multiplied by. */
    static int weightScale(KvLoad values) {
        return isSmaller(values) ? WEIGHT_SCALE : 0;
    }

    /** The binary logarithm of what sums are too small by; weights' scale, which their sum has too, is no part of it. */
    static int sumScale(KvLoad values) {
        return isSmaller(values) ? SMALLER : 0;
    }

    /** zmm13 to zmm15 = what {@link #entry} needs. */
    void begin() {
        for (int i = 0; i < 2; i++) a.emit(VBROADCASTSS, zmm(13 + i), constants.ints(ROUND[i]));
        a.emit(VBROADCASTSS, zmm(15), constants.ints(KEPT));
    }

    /**
     * The 32 rows of the entry at rbp become rows of bf16 at rdi; both are moved behind them. Rows are rax apart, their
     * address is at {@code at} in the entry. Uses r9, r15, rdx, zmm0 to zmm2 and zmm16 to zmm31.
     *
     * @param mask the words of a last, short part
     */
    void entry(KvLoad load, int width, int at, Reg mask) {
        int parts = Math.ceilDiv(width, 32);
        int together = parts < 3 ? 4 : 2; // rows
        Label next = a.label();
        touch(load, width, at);
        a.emit(MOV, R15, mem(RBP, AHEAD + at)).emit(MOV, RDX, mem(RBP, at));
        a.emit(MOV, R9, imm(AmxLayout.TILE_SLOTS / together)).align(32).bind(next);
        int bytes = load.lineBytes() * width / 32 * together;
        int lines = Math.ceilDiv(bytes, 64);
        for (int row = 0, line = 0; row < together; row++) {
            for (int part = 0; part < parts; part++) {
                Reg to = zmm(16 + (row * parts + part) % 16);
                boolean isShort = width < 32 * (part + 1);
                Reg round = zmm(13 + row % 2);
                dimensions(load, to, mem(RDX, part * load.lineBytes()), isShort ? mask : null, round);
                a.emit(VMOVUPS, mem(RDI, 64 * (row * parts + part)), to);
                int due = lines * (row * parts + part + 1) / (together * parts);
                for (; line < due; line++) a.emit(PREFETCHT1, mem(R15, 64 * line));
            }
            a.emit(ADD, RDX, RAX);
        }
        a.emit(ADD, RDI, imm(64L * together * parts)).emit(ADD, R15, imm(bytes));
        a.emit(DEC, R9).jump(Condition.NOT_ZERO, next);
        a.emit(ADD, RBP, imm(AmxLayout.ENTRY));
    }

    private void dimensions(KvLoad load, Reg to, Mem row, Reg mask, Reg round) {
        if (!isSmaller(load)) {
            others.dimensions(load, to, row, mask);
            return;
        }
        if (mask == null) a.emit(VPADDW, to, round, row);
        else a.emit(VMOVDQU16, to.zero(mask), row).emit(VPADDW, to, round, to);
        a.emit(VPSRAW, to, to, imm(3)).emit(VPANDD, to, to, zmm(15));
    }

    /** A line of each page that is still farther ahead: its translation is there in time, and the CPU's own prefetcher begins. */
    void touch(KvLoad load, int width, int at) {
        a.emit(MOV, R15, mem(RBP, FAR + at));
        for (int b = 0; b < load.lineBytes() * width; b += OS_PAGE) a.emit(PREFETCHT1, mem(R15, b));
    }
}
