// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.AND;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.NEG;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Integers.XOR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Vectors.VANDNPS;
import static dev.jay.tensor.asm.x86.Vectors.VANDPS;
import static dev.jay.tensor.asm.x86.Vectors.VMASKMOVPS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VORPS;
import static dev.jay.tensor.asm.x86.Vectors.VPERM2I128;
import static dev.jay.tensor.asm.x86.Vectors.VPSHUFD;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Instruction;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.kernel.machine.Constants;
import java.util.Arrays;

/**
 * A loop over f32 values, eight at a time, and what is left under a mask, by the same instructions: a value's result does
 * not depend on where it stands. Uses rax, r10, r11 and ymm15.
 */
final class Strips {
    private static final Reg MASK = ymm(15);

    private final X86Assembler a;
    private final Mem
            lanes; // sixteen of all ones, sixteen of zero: a mask of n lanes begins 4 * n bytes before the zeros

    Strips(X86Assembler a, Constants constants) {
        this.a = a;
        int[] table = new int[32];
        Arrays.fill(table, 0, 16, -1);
        lanes = constants.ints(table);
    }

    /** What is done to one vector. */
    interface Body {
        void emit(Strip strip);
    }

    /** Whole vectors, or the rest; its values are at a base register + rax. */
    final class Strip {
        final boolean isRest;

        private Strip(boolean isRest) {
            this.isRest = isRest;
        }

        /** Lanes that are not there become zero, and are not read. */
        void load(Reg to, Reg base) {
            if (isRest) a.emit(VMASKMOVPS, to, MASK, mem(base, RAX, 1, 0));
            else a.emit(VMOVUPS, to, mem(base, RAX, 1, 0));
        }

        void store(Reg base, Reg from) {
            if (isRest) a.emit(VMASKMOVPS, mem(base, RAX, 1, 0), MASK, from);
            else a.emit(VMOVUPS, mem(base, RAX, 1, 0), from);
        }

        /** Lanes that are not there become zero. */
        void clear(Reg lanes) {
            if (isRest) a.emit(VANDPS, lanes, lanes, MASK);
        }

        /** Lanes that are not there become those of {@code other}, which is lost. */
        void replace(Reg lanes, Reg other) {
            if (!isRest) return;
            a.emit(VANDPS, lanes, lanes, MASK).emit(VANDNPS, other, MASK, other).emit(VORPS, lanes, lanes, other);
        }
    }

    /** For {@code count} values, which may be 0, in a register that is none of those used here and keeps its value. */
    void loop(Reg count, Body body) {
        Label next = a.label();
        Label rest = a.label();
        Label end = a.label();
        a.emit(XOR, RAX.low32(), RAX.low32()).emit(MOV, R11, count);
        a.emit(SHR, R11, imm(3)).jump(Condition.ZERO, rest);
        a.align(32).bind(next);
        body.emit(new Strip(false));
        a.emit(ADD, RAX, imm(32)).emit(DEC, R11).jump(Condition.NOT_ZERO, next);
        a.bind(rest).emit(MOV, R11, count).emit(AND, R11, imm(7)).jump(Condition.ZERO, end);
        mask(MASK, null);
        body.emit(new Strip(true));
        a.bind(end);
    }

    /** Masks of r11 lanes, at most 16: of the first eight, and of the second if asked for. Uses r10 and r11. */
    void mask(Reg first, Reg second) {
        a.emit(LEA, R10, lanes).emit(NEG, R11).emit(VMOVUPS, first, mem(R10, R11, 4, 64));
        if (second != null) a.emit(VMOVUPS, second, mem(R10, R11, 4, 96));
        a.emit(NEG, R11);
    }

    /** Every lane gets the sum, the greatest, the least of all lanes, by halves: the same bits in each lane. */
    static void fold(X86Assembler a, Instruction by, Reg lanes, Reg spare) {
        a.emit(VPERM2I128, spare, lanes, lanes, imm(1)).emit(by, lanes, lanes, spare);
        a.emit(VPSHUFD, spare, lanes, imm(0x4E)).emit(by, lanes, lanes, spare);
        a.emit(VPSHUFD, spare, lanes, imm(0xB1)).emit(by, lanes, lanes, spare);
    }
}
