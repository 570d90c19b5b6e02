// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXWD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;

import dev.jay.tensor.asm.x86.Integers;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** How eight values of a float format, or one, come into a register as f32, exactly. */
enum FloatLoad {
    F32(4) {
        @Override
        void load(X86Assembler a, Reg to, Mem from) {
            a.emit(VMOVUPS, to, from);
        }

        @Override
        void one(X86Assembler a, Reg to, Mem from) {
            a.emit(VMOVSS, to.x(), from);
        }
    },
    F16(2) {
        @Override
        void load(X86Assembler a, Reg to, Mem from) {
            a.emit(VCVTPH2PS, to, from);
        }

        @Override
        void one(X86Assembler a, Reg to, Mem from) {
            word(a, to, from);
            a.emit(VCVTPH2PS, to.x(), to.x());
        }
    },
    BF16(2) {
        @Override
        void load(X86Assembler a, Reg to, Mem from) {
            a.emit(VPMOVZXWD, to, from).emit(VPSLLD, to, to, imm(16));
        }

        @Override
        void one(X86Assembler a, Reg to, Mem from) {
            word(a, to, from);
            a.emit(VPSLLD, to.x(), to.x(), imm(16));
        }
    };

    final int bytes;

    FloatLoad(int bytes) {
        this.bytes = bytes;
    }

    abstract void load(X86Assembler a, Reg to, Mem from);

    /** The lowest lane alone; the others become zero. Uses rax. */
    abstract void one(X86Assembler a, Reg to, Mem from);

    private static void word(X86Assembler a, Reg to, Mem from) {
        a.emit(Integers.MOVZX16, RAX.low32(), from).emit(VMOVD, to.x(), RAX.low32());
    }
}
