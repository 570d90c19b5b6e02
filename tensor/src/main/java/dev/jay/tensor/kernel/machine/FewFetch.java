// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT0;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.RDI;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * Asks for the lines of rows that will be read later, one at a time and evenly: eight at once keep those that follow them
 * from memory, and the CPU's own prefetcher from running ahead. From rdi on.
 */
final class FewFetch {
    private final X86Assembler a;
    private final boolean intoFirst; // level of the caches
    private final int rowBytes;
    private int bytes;
    private int steps;
    private int step;
    private int line;

    /** @param rowBytes of the rows that are asked for */
    FewFetch(X86Assembler a, boolean intoFirst, int rowBytes) {
        this.a = a;
        this.intoFirst = intoFirst;
        this.rowBytes = rowBytes;
    }

    /** The lines of so many rows are asked for in so many steps. */
    void begin(int rows, int steps) {
        begin(rows, 1, steps);
    }

    /** The lines of so many of {@code parts} parts of so many rows. */
    void begin(int rows, int parts, int steps) {
        this.bytes = Math.ceilDiv(rows * rowBytes, parts);
        this.steps = steps;
        this.step = 0;
        this.line = 0;
    }

    void step() {
        step++;
        int due = (int) ((long) Math.ceilDiv(bytes, 64) * step / steps);
        for (; line < due; line++) a.emit(intoFirst ? PREFETCHT0 : PREFETCHT1, mem(RDI, 64 * line));
    }

    /** Moves rdi behind them. */
    void end() {
        a.emit(ADD, RDI, imm(bytes));
    }
}
