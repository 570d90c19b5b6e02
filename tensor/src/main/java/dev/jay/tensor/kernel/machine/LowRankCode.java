// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.MOVZX16;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.xmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTPH2PS;
import static dev.jay.tensor.asm.x86.Vectors.VFMADD231PS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVD;
import static dev.jay.tensor.asm.x86.Vectors.VMOVSS;
import static dev.jay.tensor.asm.x86.Vectors.VMOVUPS;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.LowRankRows;
import java.util.Optional;

/**
 * The inner format's rows as f32, to which the product is added sixteen channels at a time, then single values. Rows of
 * bf16 are made of them last.
 */
final class LowRankCode implements GroupCode {
    private static final int TOGETHER = 4; // rows
    private static final int MOST_RANK = 16; // registers
    private static final Reg TAIL = k(1); // of the last sixteen channels
    private static final Reg LOADS = zmm(8); // of sixteen channels, rank after rank

    private final LowRankRows format;
    private final GroupCode inner;

    private LowRankCode(LowRankRows format, GroupCode inner) {
        this.format = format;
        this.inner = inner;
    }

    static Optional<GroupCode> of(LowRankRows format) {
        boolean fits = format.rank() <= MOST_RANK && format.rows() % 32 == 0 && format.width() % 2 == 0;
        return fits ? GroupCode.of(format.inner()).map(inner -> new LowRankCode(format, inner)) : Optional.empty();
    }

    /** A row of loads of one rank: halves of every channel, and one that is written behind them. */
    private int loadRow() {
        return Math.ceilDiv(format.width() + 1, 32) * 64;
    }

    /** The working space: the inner format's, loads by rank, factors as f32, rows as f32. */
    private int loadsAt() {
        return inner.scratchBytes();
    }

    private int factorsAt() {
        return loadsAt() + format.rank() * loadRow() + 64;
    }

    private int rowsAt() {
        return factorsAt() + 4 * format.rank() * format.rows();
    }

    @Override
    public int scratchBytes() {
        return rowsAt() + 4 * format.rows() * format.width();
    }

    @Override
    public void begin(GroupsCode code) {
        inner.begin(code);
    }

    @Override
    public void group(GroupsCode code, RowStore rows) {
        X86Assembler a = code.a;
        if (format.rank() > 0) {
            loads(a);
            factors(code);
        }
        RowStore plain = new RowStore(format.width(), false);
        if (rows.isBf16()) {
            a.emit(MOV, mem(R15, factorsAt() - 64), R14).emit(LEA, R14, mem(R15, rowsAt()));
        }
        inner.group(code, plain);
        if (format.rank() > 0) product(code);
        if (format.outliers() > 0) outliers(a);
        if (!rows.isBf16()) return;
        a.emit(MOV, RSI, R14).emit(MOV, R14, mem(R15, factorsAt() - 64));
        round(code);
    }

    /** A channel's halves go to rows of their own: each four bytes, of which the next channel replaces two. */
    private void loads(X86Assembler a) {
        Label next = a.label();
        a.emit(LEA, RSI, mem(RBX, format.loadsAt())).emit(LEA, RDI, mem(R15, loadsAt()));
        a.emit(MOV, RCX, imm(format.width())).align(32).bind(next);
        for (int r = 0; r < format.rank(); r++) {
            a.emit(MOVZX16, RAX.low32(), mem(RSI, 2 * r)).emit(MOV, mem(RDI, r * loadRow()), RAX.low32());
        }
        a.emit(ADD, RSI, imm(2L * format.rank())).emit(ADD, RDI, imm(2));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    private void factors(GroupsCode code) {
        X86Assembler a = code.a;
        a.emit(LEA, RSI, mem(RBX, format.factorsAt())).emit(LEA, RDI, mem(R15, factorsAt()));
        code.rows(
                format.rank() * format.rows() / 16,
                1,
                _ -> a.emit(VCVTPH2PS, zmm(0), mem(RSI, 0)).emit(VMOVUPS, mem(RDI, 0), zmm(0)),
                () -> a.emit(ADD, RSI, imm(32)).emit(ADD, RDI, imm(64)));
    }

    /** Rows at r14 += factors x loads. */
    private void product(GroupsCode code) {
        X86Assembler a = code.a;
        int rank = format.rank();
        LaneMask.first(a, TAIL, format.width() % 16);
        for (int c = 0; c < format.width(); c += 16) {
            boolean isShort = format.width() - c < 16;
            for (int r = 0; r < rank; r++) {
                a.emit(VCVTPH2PS, zmm(LOADS.number() + r), mem(R15, loadsAt() + r * loadRow() + 2 * c));
            }
            a.emit(LEA, RDI, mem(R14, 4 * c)).emit(LEA, R8, mem(R15, factorsAt()));
            int rowBytes = 4 * format.width();
            code.rows(
                    format.rows() / TOGETHER,
                    1,
                    _ -> {
                        for (int i = 0; i < TOGETHER; i++) {
                            Reg sum = isShort ? zmm(i).zero(TAIL) : zmm(i);
                            a.emit(VMOVUPS, sum, mem(RDI, i * rowBytes));
                        }
                        for (int r = 0; r < rank; r++) {
                            for (int i = 0; i < TOGETHER; i++) {
                                Reg load = zmm(LOADS.number() + r);
                                a.emit(
                                        VFMADD231PS,
                                        zmm(i),
                                        load,
                                        mem(R8, 4 * (i * rank + r)).each());
                            }
                        }
                        for (int i = 0; i < TOGETHER; i++) {
                            var to = mem(RDI, i * rowBytes);
                            a.emit(VMOVUPS, isShort ? to.mask(TAIL) : to, zmm(i));
                        }
                    },
                    () -> a.emit(ADD, RDI, imm((long) TOGETHER * rowBytes)).emit(ADD, R8, imm(4L * TOGETHER * rank)));
        }
    }

    /** Each in its place among the rows at r14, if there is such a place. */
    private void outliers(X86Assembler a) {
        Label next = a.label();
        Label beyond = a.label();
        a.emit(LEA, RSI, mem(RBX, format.outliersAt())).emit(MOV, RCX, imm(format.outliers()));
        a.align(32).bind(next).emit(MOVZX16, RAX.low32(), mem(RSI, 0));
        a.emit(CMP, RAX, imm((long) format.rows() * format.width() - 1)).jump(Condition.ABOVE, beyond);
        a.emit(MOVZX16, RDX.low32(), mem(RSI, 2)).emit(VMOVD, xmm(0), RDX.low32());
        a.emit(VCVTPH2PS, xmm(0), xmm(0)).emit(VMOVSS, mem(R14, RAX, 4, 0), xmm(0));
        a.bind(beyond).emit(ADD, RSI, imm(LowRankRows.OUTLIER_BYTES));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }

    /** Rows at rsi to bf16 at r14, whatever their width: of 32 rows there are whole vectors. */
    private void round(GroupsCode code) {
        X86Assembler a = code.a;
        a.emit(MOV, RDI, R14);
        code.rows(
                format.rows() * format.width() / 32,
                1,
                _ -> {
                    a.emit(VMOVUPS, zmm(0), mem(RSI, 64)).emit(VCVTNE2PS2BF16, zmm(0), zmm(0), mem(RSI, 0));
                    a.emit(VMOVUPS, mem(RDI, 0), zmm(0));
                },
                () -> a.emit(ADD, RSI, imm(128)).emit(ADD, RDI, imm(64)));
    }
}
