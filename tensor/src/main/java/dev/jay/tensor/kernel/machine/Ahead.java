// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT0;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Mem.mem;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * Prefetches for one sequential stream of weights, in stages. Every line is asked for some way ahead, into the second-level
 * cache, and where a step takes it in several small loads again when it is nearer, into the first: without that the first of
 * these waits, and little else comes meanwhile. From afar into the first alone was slower, and so was the near stage alone.
 * And now and then a line much farther ahead is touched, so that the page's translation is there in time and the CPU's own
 * prefetcher starts on it. Distances and spacings are measured: without the touches a greater distance for the lines was
 * worse, with them up to a sixth better than any without; a touch every 128 bytes, or all lines at the far distance, were
 * worse than none. That is so of small pages. In huge ones, where the CPU's own prefetcher never comes to an end and
 * translations are few, they cost an eighth: there the touched line is one that is asked for anyway.
 */
final class Ahead {
    private static final int ALONE = 6144; // bytes, of lines that are asked for once
    private static final int LINES = 5120; // of those that are asked for twice
    private static final int NEAR = 2048; // the second time
    private static final int FAR = 32768; // bytes
    private static final int PAGE = 4096;

    private Ahead() {}

    /** How many bytes ahead {@link #touch} touches. */
    static long touched(boolean hugePages) {
        return hugePages ? LINES : FAR;
    }

    /** One touch, so many bytes ahead, for a step of some hundred bytes: best where a step has much to compute. */
    static void touch(X86Assembler a, Reg pointer, Reg bytes) {
        a.emit(PREFETCHT1, mem(pointer, bytes, 1, 0));
    }

    /** At the start of a row, one far touch for each page of it: best where there is little to compute. */
    static void touchPages(X86Assembler a, Reg row, Mem rowBytes, Reg at, Reg end) {
        Label next = a.label();
        a.emit(MOV, at, row).emit(MOV, end, row).emit(ADD, end, rowBytes);
        a.bind(next).emit(PREFETCHT1, mem(at, FAR)).emit(ADD, at, imm(PAGE));
        a.emit(CMP, at, end).jump(Condition.BELOW, next);
    }

    /** The lines of a step that takes {@code bytes} from the pointer on, once: best where each comes with one load. */
    static void lines(X86Assembler a, Reg pointer, int bytes) {
        for (int i = 0; i < Math.ceilDiv(bytes, 64); i++) a.emit(PREFETCHT1, mem(pointer, ALONE + 64 * i));
    }

    /**
     * The part of them that is due with the {@code part}-th of some equal parts of a step, from afar and from near. Spread
     * over the step they do not all take a place in the queue of misses at once, which loads from the second level must pass
     * too.
     */
    static void lines(X86Assembler a, Reg pointer, int bytes, int part, int parts) {
        int lines = Math.ceilDiv(bytes, 64);
        for (int i = 0; i < lines; i++) {
            if (i * parts / lines != part) continue;
            a.emit(PREFETCHT1, mem(pointer, LINES + 64 * i)).emit(PREFETCHT0, mem(pointer, NEAR + 64 * i));
        }
    }
}
