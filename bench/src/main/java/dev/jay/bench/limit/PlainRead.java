// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.limit;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT0;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SUB;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.ymm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VPADDQ;
import static dev.jay.tensor.asm.x86.Vectors.VXORPS;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/** The yardstick of memory: adds up every byte of a range, in order, and does nothing else. */
final class PlainRead {
    /** Bytes of one round; ranges are multiples of it. */
    static final int ROUND = 512;

    private static final int AHEAD = 4096; // bytes; from the caches a prefetch only costs, and there is none

    private PlainRead() {}

    /** Code that takes (address, bytes). */
    static byte[] build(Set<String> features, boolean fromMemory) {
        X86Assembler a = new X86Assembler(features);
        boolean wide = features.contains("avx512f");
        int width = wide ? 64 : 32;
        a.emit(ENDBR64);
        for (int i = 0; i < 8; i++) a.emit(VXORPS, xmm(i), xmm(i), xmm(i));
        Label next = a.label();
        a.align(32).bind(next);
        if (fromMemory) for (int at = 0; at < ROUND; at += 64) a.emit(PREFETCHT0, mem(RDI, AHEAD + at));
        for (int i = 0; i < ROUND / width; i++) {
            if (wide) a.emit(VPADDQ, zmm(i & 7), zmm(i & 7), mem(RDI, i * width));
            else a.emit(VPADDQ, ymm(i & 7), ymm(i & 7), mem(RDI, i * width));
        }
        a.emit(ADD, RDI, imm(ROUND)).emit(SUB, RSI, imm(ROUND)).jump(Condition.NOT_ZERO, next);
        return a.emit(VZEROUPPER).emit(RET).finish();
    }

    /** The same in Java, where no machine code is to be had. */
    static long inJava(MemorySegment bytes) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        for (long at = 0; at < bytes.byteSize(); at += 32) {
            a += bytes.get(ValueLayout.JAVA_LONG, at);
            b += bytes.get(ValueLayout.JAVA_LONG, at + 8);
            c += bytes.get(ValueLayout.JAVA_LONG, at + 16);
            d += bytes.get(ValueLayout.JAVA_LONG, at + 24);
        }
        return a + b + c + d;
    }
}
