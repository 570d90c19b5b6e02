// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import static dev.jay.tensor.asm.x86.Avx512.VPDPBUSD_VEX;
import static dev.jay.tensor.asm.x86.Vectors.VPABSB;
import static dev.jay.tensor.asm.x86.Vectors.VPMADDUBSW;
import static dev.jay.tensor.asm.x86.Vectors.VPMADDWD;
import static dev.jay.tensor.asm.x86.Vectors.VPSIGNB;

import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Products of bytes in one of two ways. {@code vpdpbusd} adds four products to a 32-bit sum. Without it
 * {@code vpmaddubsw} makes 16-bit sums of two products, which saturate: so a signed byte gives its sign to the other
 * factor and is at most 128, where 2 * 128 * 127 just fits, and only as many sums are added in 16 bits as surely fit.
 */
record Dots(boolean hasVnni) {
    private static final int MOST = 127; // magnitude of a byte of x

    static final String VNNI = "avx_vnni";

    static Dots of(Set<String> features) {
        return new Dots(features.contains(VNNI));
    }

    /** How many vectors of sums of two products a 16-bit sum surely holds. */
    static int depth(Group group) {
        int depth = Short.MAX_VALUE / (2 * MOST * group.greatest());
        if (depth < 1) throw new IllegalArgumentException("16-bit sums overflow: greatest=" + group.greatest());
        return depth;
    }

    /** to += sums of four products of unsigned bytes and signed ones. */
    static void add(X86Assembler a, Reg to, Reg unsigned, Reg signed) {
        a.emit(VPDPBUSD_VEX, to, unsigned, signed);
    }

    /** to = sums of two products in 16 bits; where bytes of w are signed, {@code magnitude} is to hold their magnitude. */
    static void pairs(X86Assembler a, boolean isSigned, Reg to, Reg w, Reg magnitude, Reg x) {
        if (isSigned) a.emit(VPSIGNB, x, x, w);
        a.emit(VPMADDUBSW, to, isSigned ? magnitude : w, x);
    }

    /** magnitude = |w|. */
    static void magnitude(X86Assembler a, Reg magnitude, Reg w) {
        a.emit(VPABSB, magnitude, w);
    }

    /** to = sums of two of the 16-bit sums, in 32 bits. */
    static void widen(X86Assembler a, Reg to, Reg pairs, Mem ones) {
        a.emit(VPMADDWD, to, pairs, ones);
    }
}
