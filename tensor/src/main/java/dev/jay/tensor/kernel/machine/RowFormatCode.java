// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.RowFormat;
import java.util.Optional;

/** Row by row, as attention loads such rows. */
record RowFormatCode(RowFormat format, KvLoad load) implements GroupCode {
    static Optional<GroupCode> of(RowFormat format) {
        return KvLoad.of(format.format().name()).map(load -> new RowFormatCode(format, load));
    }

    @Override
    public int scratchBytes() {
        return 0;
    }

    @Override
    public void begin(GroupsCode code) {
        LaneMask.first(code.a, k(3), format.width() % 16);
    }

    @Override
    public void group(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        a.emit(MOV, RSI, RBX).emit(MOV, RDI, R14);
        code.rows(
                format.rows(),
                1,
                _ -> {
                    for (int block = 0; 32 * block < format.width(); block++) {
                        for (int p = 0; p < 2 && 32 * block + 16 * p < format.width(); p++) {
                            boolean isShort = format.width() - 32 * block - 16 * p < 16;
                            Reg to = zmm(2 + p);
                            load.load(a, code.constants, isShort ? to.zero(k(3)) : to, RSI, 2 * block + p);
                        }
                        rows.store(a, block, mem(RDI, block * rows.blockBytes()), zmm(2), zmm(3));
                    }
                },
                () -> a.emit(ADD, RSI, imm(format.rowBytes())).emit(ADD, RDI, imm(rows.rowBytes())));
    }
}
