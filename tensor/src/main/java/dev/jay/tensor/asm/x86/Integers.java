// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static dev.jay.tensor.asm.x86.Slot.EAX;
import static dev.jay.tensor.asm.x86.Slot.I;
import static dev.jay.tensor.asm.x86.Slot.M;
import static dev.jay.tensor.asm.x86.Slot.ONE;
import static dev.jay.tensor.asm.x86.Slot.R32;
import static dev.jay.tensor.asm.x86.Slot.R64;
import static dev.jay.tensor.asm.x86.Slot.RAX;
import static dev.jay.tensor.asm.x86.Slot.RM32;
import static dev.jay.tensor.asm.x86.Slot.RM64;
import static dev.jay.tensor.asm.x86.Slot.S;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** General registers, addresses, flags, prefetch. No operation on memory alone: its size would be anyone's guess. */
public final class Integers {
    public static final Instruction MOV = new Instruction(
            "mov",
            row32(Form.MR, 0, 0x89, -1, 0, RM32, R32),
            row64(Form.MR, 0, 0x89, -1, 0, RM64, R64),
            row32(Form.RM, 0, 0x8B, -1, 0, R32, M),
            row64(Form.RM, 0, 0x8B, -1, 0, R64, M),
            row32(Form.O, 0, 0xB8, -1, 4, R32, I),
            row64(Form.M, 0, 0xC7, 0, 4, R64, S),
            row64(Form.O, 0, 0xB8, -1, 8, R64, I));
    public static final Instruction LEA = new Instruction("lea", row64(Form.RM, 0, 0x8D, -1, 0, R64, M));
    public static final Instruction MOVZX8 = new Instruction("movzx", narrow(1, 0xB6, Tuple.BYTES1, R32));
    public static final Instruction MOVZX16 = new Instruction("movzx", narrow(1, 0xB7, Tuple.BYTES2, R32));
    public static final Instruction MOVSX8 = new Instruction("movsx", narrow(1, 0xBE, Tuple.BYTES1, R32));
    public static final Instruction MOVSXD = new Instruction("movsxd", row64(Form.RM, 0, 0x63, -1, 0, R64, RM32));

    public static final Instruction ADD = alu("add", 0);
    public static final Instruction OR = alu("or", 1);
    public static final Instruction AND = alu("and", 4);
    public static final Instruction SUB = alu("sub", 5);
    public static final Instruction XOR = alu("xor", 6);
    public static final Instruction CMP = alu("cmp", 7);
    public static final Instruction TEST =
            both("test", Form.MR, 0, 0x85, -1, 0, List.of(RM32, R32), List.of(RM64, R64));
    public static final Instruction INC = both("inc", Form.M, 0, 0xFF, 0, 0, List.of(R32), List.of(R64));
    public static final Instruction DEC = both("dec", Form.M, 0, 0xFF, 1, 0, List.of(R32), List.of(R64));
    public static final Instruction NOT = both("not", Form.M, 0, 0xF7, 2, 0, List.of(R32), List.of(R64));
    public static final Instruction NEG = both("neg", Form.M, 0, 0xF7, 3, 0, List.of(R32), List.of(R64));
    public static final Instruction SHL = shift("shl", 4);
    public static final Instruction SHR = shift("shr", 5);
    public static final Instruction SAR = shift("sar", 7);
    public static final Instruction IMUL = new Instruction(
            "imul",
            row32(Form.RM, 1, 0xAF, -1, 0, R32, RM32),
            row64(Form.RM, 1, 0xAF, -1, 0, R64, RM64),
            row32(Form.RM, 0, 0x6B, -1, 1, R32, RM32, S),
            row64(Form.RM, 0, 0x6B, -1, 1, R64, RM64, S),
            row32(Form.RM, 0, 0x69, -1, 4, R32, RM32, I),
            row64(Form.RM, 0, 0x69, -1, 4, R64, RM64, S));
    public static final Instruction CMOVL = move("cmovl", 0x4C);
    public static final Instruction CMOVG = move("cmovg", 0x4F);
    public static final Instruction CMOVB = move("cmovb", 0x42);
    public static final Instruction CMOVA = move("cmova", 0x47);
    public static final Instruction PUSH = new Instruction("push", row32(Form.O, 0, 0x50, -1, 0, R64));
    public static final Instruction POP = new Instruction("pop", row32(Form.O, 0, 0x58, -1, 0, R64));

    /** Zeroes the bits from position [the low byte of the last operand] up. */
    public static final Instruction BZHI = new Instruction(
            "bzhi",
            new Row(Form.RMV, List.of(R32, RM32, R32), 0, 2, 0xF5, -1, 0, Encoding.vex(0, 0, Tuple.BYTES4, "bmi2")),
            new Row(Form.RMV, List.of(R64, RM64, R64), 0, 2, 0xF5, -1, 0, Encoding.vex(1, 0, Tuple.BYTES8, "bmi2")));

    public static final Instruction PREFETCHT0 = prefetch("prefetcht0", 1);
    public static final Instruction PREFETCHT1 = prefetch("prefetcht1", 2);
    public static final Instruction PREFETCHT2 = prefetch("prefetcht2", 3);
    public static final Instruction PREFETCHNTA = prefetch("prefetchnta", 0);

    public static final Instruction RET = plain("ret", 0, 0, 0xC3, -1);
    /** First in every function: where indirect calls must land if the CPU checks them; nothing elsewhere. */
    public static final Instruction ENDBR64 = plain("endbr64", 2, 1, 0x1E, 0xFA);

    public static final Instruction CPUID = plain("cpuid", 0, 1, 0xA2, -1);
    public static final Instruction XGETBV = plain("xgetbv", 0, 1, 0x01, 0xD0);
    public static final Instruction UD2 = plain("ud2", 0, 1, 0x0B, -1);

    private Integers() {}

    private static Row row32(Form form, int map, int opcode, int digit, int imm, Slot... slots) {
        return new Row(form, List.of(slots), 0, map, opcode, digit, imm, Encoding.legacy(0, Tuple.BYTES4, ""));
    }

    private static Row row64(Form form, int map, int opcode, int digit, int imm, Slot... slots) {
        Tuple touched = Arrays.asList(slots).contains(RM32) ? Tuple.BYTES4 : Tuple.BYTES8;
        return new Row(form, List.of(slots), 0, map, opcode, digit, imm, Encoding.legacy(1, touched, ""));
    }

    private static Row narrow(int map, int opcode, Tuple touched, Slot to) {
        return new Row(Form.RM, List.of(to, M), 0, map, opcode, -1, 0, Encoding.legacy(0, touched, ""));
    }

    private static Instruction both(
            String name, Form form, int map, int opcode, int digit, int imm, List<Slot> slots32, List<Slot> slots64) {
        return new Instruction(
                name,
                row32(form, map, opcode, digit, imm, slots32.toArray(Slot[]::new)),
                row64(form, map, opcode, digit, imm, slots64.toArray(Slot[]::new)));
    }

    private static Instruction alu(String name, int digit) {
        List<Row> rows = new ArrayList<>();
        rows.add(row32(Form.MR, 0, 8 * digit + 1, -1, 0, RM32, R32));
        rows.add(row64(Form.MR, 0, 8 * digit + 1, -1, 0, RM64, R64));
        rows.add(row32(Form.RM, 0, 8 * digit + 3, -1, 0, R32, M));
        rows.add(row64(Form.RM, 0, 8 * digit + 3, -1, 0, R64, M));
        rows.add(row32(Form.M, 0, 0x83, digit, 1, R32, S));
        rows.add(row64(Form.M, 0, 0x83, digit, 1, R64, S));
        rows.add(row32(Form.NONE, 0, 8 * digit + 5, -1, 4, EAX, I));
        rows.add(row64(Form.NONE, 0, 8 * digit + 5, -1, 4, RAX, S));
        rows.add(row32(Form.M, 0, 0x81, digit, 4, R32, I));
        rows.add(row64(Form.M, 0, 0x81, digit, 4, R64, S));
        return new Instruction(name, rows);
    }

    private static Instruction shift(String name, int digit) {
        return new Instruction(
                name,
                row32(Form.M, 0, 0xD1, digit, 0, R32, ONE),
                row64(Form.M, 0, 0xD1, digit, 0, R64, ONE),
                row32(Form.M, 0, 0xC1, digit, 1, R32, I),
                row64(Form.M, 0, 0xC1, digit, 1, R64, I));
    }

    private static Instruction move(String name, int opcode) {
        return both(name, Form.RM, 1, opcode, -1, 0, List.of(R32, RM32), List.of(R64, RM64));
    }

    private static Instruction prefetch(String name, int digit) {
        return new Instruction(
                name, new Row(Form.M, List.of(M), 0, 1, 0x18, digit, 0, Encoding.legacy(0, Tuple.BYTES1, "")));
    }

    private static Instruction plain(String name, int prefix, int map, int opcode, int tail) {
        return new Instruction(
                name,
                new Row(Form.NONE, List.of(), prefix, map, opcode, tail, 0, Encoding.legacy(0, Tuple.BYTES1, "")));
    }
}
