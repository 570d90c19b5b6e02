// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;
import static dev.jay.tensor.asm.x86.Vectors.VPMOVZXWD;
import static dev.jay.tensor.asm.x86.Vectors.VPSLLD;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** How sixteen weights of a float format come into a register as f32, exactly. */
enum FloatLoad {
    F32(4) {
        @Override
        void load(X86Assembler a, Reg to, Mem from) {
            a.emit(VMOVUPS, to, from);
        }
    },
    F16(2) {
        @Override
        void load(X86Assembler a, Reg to, Mem from) {
            a.emit(VCVTPH2PS, to, from);
        }
    },
    BF16(2) {
        @Override
        void load(X86Assembler a, Reg to, Mem from) {
            a.emit(VPMOVZXWD, to, from).emit(VPSLLD, zmm(to.number()), zmm(to.number()), imm(16));
        }
    };

    final int bytes;

    FloatLoad(int bytes) {
        this.bytes = bytes;
    }

    /** @param to may carry a zeroing mask: then what the mask leaves out is not read */
    abstract void load(X86Assembler a, Reg to, Mem from);
}
