// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VCVTNEPS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU16;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/** How rows of some width are written: f32, or rounded to bf16. k6 and k7 are its own. */
record RowStore(int width, boolean isBf16) {
    private static final Reg FLOATS = k(7); // of the last sixteen values, if they are fewer
    private static final Reg WORDS = k(6); // of the last 32

    int rowBytes() {
        return width * (isBf16 ? 2 : Float.BYTES);
    }

    /** From 32 values to the next 32. */
    int blockBytes() {
        return isBf16 ? 64 : 128;
    }

    void begin(X86Assembler a) {
        LaneMask.first(a, FLOATS, width % 16);
        LaneMask.first(a, WORDS, width % 32);
    }

    /** Of the {@code block}-th 32 values: sixteen, and those after them if the row is so wide. They are spent. */
    void store(X86Assembler a, int block, Mem to, Reg low, Reg high) {
        int left = width - 32 * block;
        if (!isBf16) {
            a.emit(VMOVUPS, left < 16 ? to.mask(FLOATS) : to, low);
            Mem second = KvLoad.after(to, 64);
            if (left > 16) a.emit(VMOVUPS, left < 32 ? second.mask(FLOATS) : second, high);
        } else if (left > 16) {
            a.emit(VCVTNE2PS2BF16, low, high, low);
            a.emit(VMOVDQU16, left < 32 ? to.mask(WORDS) : to, low);
        } else {
            a.emit(VCVTNEPS2BF16, low.y(), low);
            a.emit(VMOVDQU16, left < 16 ? to.mask(WORDS) : to, low.y());
        }
    }
}
