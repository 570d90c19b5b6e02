// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.CMP;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.LEA;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R12;
import static dev.jay.tensor.asm.x86.Reg.R13;
import static dev.jay.tensor.asm.x86.Reg.R14;
import static dev.jay.tensor.asm.x86.Reg.R15;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBP;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.kernel.UnpackKernel;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Groups that lie one after the other to rows that do: groups, how many, those that come next, rows, working space. The
 * group after the next one is fetched meanwhile, and behind the last those that come next.
 */
final class GroupsCode {
    private static final int MOST_WIDTH = 1024; // of a row: code grows with it

    final X86Assembler a;
    final Constants constants;

    private GroupsCode(Set<String> features) {
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(GroupFormat format, GroupCode group, boolean isBf16, Set<String> features) {
        return new GroupsCode(features).build(format, group, new RowStore(format.width(), isBf16));
    }

    /** The kernel of a format, made once; empty where there is no code for it. */
    static Optional<UnpackKernel> load(
            MachineCode into,
            GroupFormat format,
            boolean isBf16,
            Map<GroupFormat, UnpackKernel> made,
            Set<String> features) {
        if (format.width() > MOST_WIDTH) return Optional.empty();
        return GroupCode.of(format)
                .map(group -> made.computeIfAbsent(format, f -> {
                    byte[] code = build(f, group, isBf16, features);
                    return new MachineUnpack(into.load("unpack-" + f, code), group.scratchBytes());
                }));
    }

    private byte[] build(GroupFormat format, GroupCode group, RowStore rows) {
        Reg[] kept = {RBX, RBP, R12, R13, R14, R15};
        Label next = a.label();
        Label here = a.label();
        Label several = a.label();
        a.emit(ENDBR64);
        for (Reg r : kept) a.emit(PUSH, r);
        a.emit(MOV, RBX, RDI).emit(MOV, R12, RSI).emit(MOV, RBP, RDX).emit(MOV, R14, RCX);
        a.emit(LEA, R15, mem(R8, 0)).emit(LEA, R13, mem(RBX, 2 * format.bytes()));
        a.emit(CMP, R12, imm(1)).jump(Condition.NOT_ZERO, several).emit(MOV, R13, RBP);
        a.bind(several);
        rows.begin(a);
        group.begin(this);
        a.align(32).bind(next);
        a.emit(CMP, R12, imm(2))
                .jump(Condition.NOT_ZERO, here)
                .emit(MOV, R13, RBP)
                .bind(here);
        fetch(format.bytes());
        group.group(this, rows);
        a.emit(ADD, RBX, imm(format.bytes())).emit(ADD, R14, imm((long) format.rows() * rows.rowBytes()));
        a.emit(DEC, R12).jump(Condition.NOT_ZERO, next);
        a.emit(VZEROUPPER);
        for (int i = kept.length - 1; i >= 0; i--) a.emit(POP, kept[i]);
        a.emit(RET);
        constants.write();
        return a.finish();
    }

    private void fetch(int bytes) {
        Label line = a.label();
        a.emit(LEA, RAX, mem(R13, bytes)).bind(line).emit(PREFETCHT1, mem(R13, 0));
        a.emit(ADD, R13, imm(64)).emit(CMP, R13, RAX).jump(Condition.BELOW, line);
        a.emit(MOV, R13, RAX);
    }

    /** Does something for each row, {@code together} in a turn, by number; rows is a multiple of it. Counts in rcx. */
    void rows(int rows, int together, IntConsumer row, Runnable step) {
        Label next = a.label();
        a.emit(MOV, RCX, imm(rows / together)).align(32).bind(next);
        for (int i = 0; i < together; i++) row.accept(i);
        step.run();
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, next);
    }
}
