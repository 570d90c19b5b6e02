// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import dev.jay.tensor.asm.CodeBuffer;
import dev.jay.tensor.asm.Label;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * Writes x86-64 machine code: one {@link Row} at a time, operands in Intel's order. Refuses operands that no row of the
 * instruction takes, and instructions that the CPU it was made for does not have.
 */
public final class X86Assembler {
    private static final int[][] NOPS = {
        {},
        {0x90},
        {0x66, 0x90},
        {0x0F, 0x1F, 0x00},
        {0x0F, 0x1F, 0x40, 0x00},
        {0x0F, 0x1F, 0x44, 0x00, 0x00},
        {0x66, 0x0F, 0x1F, 0x44, 0x00, 0x00},
        {0x0F, 0x1F, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0F, 0x1F, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    };

    private final CodeBuffer out = new CodeBuffer();
    private final Set<String> allowed;
    private final Set<String> used = new TreeSet<>();

    /** @param allowed features of the CPU the code is for, as Linux writes them */
    public X86Assembler(Collection<String> allowed) {
        this.allowed = Set.copyOf(allowed);
    }

    /** Features that the code written so far needs. */
    public Set<String> used() {
        return Set.copyOf(used);
    }

    /**
     * Writes one instruction.
     *
     * @throws IllegalArgumentException if no row takes the operands, or the CPU lacks the feature
     */
    public X86Assembler emit(Instruction instruction, Operand... operands) {
        for (Row row : instruction.rows()) {
            if (row.accepts(operands)) {
                need(instruction, row, operands);
                write(row, operands);
                return this;
            }
        }
        throw new IllegalArgumentException(
                "no such instruction: " + instruction.mnemonic() + " " + Arrays.toString(operands));
    }

    private void need(Instruction instruction, Row row, Operand... operands) {
        Encoding e = row.encoding();
        int bits = row.width(operands);
        need(instruction, e.feature());
        if (e.scheme() == Encoding.Scheme.EVEX && (bits == 128 || bits == 256)) need(instruction, "avx512vl");
    }

    private void need(Instruction instruction, String feature) {
        if (feature.isEmpty()) return;
        if (!allowed.contains(feature)) {
            throw new IllegalArgumentException("instruction needs a feature that the CPU lacks: instruction="
                    + instruction.mnemonic() + ", feature=" + feature + ", features=" + new TreeSet<>(allowed));
        }
        used.add(feature);
    }

    public Label label() {
        return out.label();
    }

    /** The label names the next instruction. */
    public X86Assembler bind(Label label) {
        out.bind(label);
        return this;
    }

    /** Fills with no-operations until the offset is a multiple of {@code boundary}, which loads keep where it is at most a page. */
    public X86Assembler align(int boundary) {
        int missing = (boundary - out.size() % boundary) % boundary;
        while (missing > 0) {
            int[] nop = NOPS[Math.min(missing, NOPS.length - 1)];
            for (int b : nop) out.int8(b);
            missing -= nop.length;
        }
        return this;
    }

    /** Constants among the code; jump around them or put them after the last return. */
    public X86Assembler bytes(int... values) {
        for (int v : values) out.int8(v);
        return this;
    }

    public X86Assembler int32(int... values) {
        for (int v : values) out.int32(v);
        return this;
    }

    public X86Assembler jump(Label to) {
        return jump(to, new int[] {0xEB}, new int[] {0xE9});
    }

    /** A short form is used backwards where the label is near; forwards the long one, always. */
    public X86Assembler jump(Condition when, Label to) {
        return jump(to, new int[] {0x70 | when.code()}, new int[] {0x0F, 0x80 | when.code()});
    }

    private X86Assembler jump(Label to, int[] near, int[] far) {
        boolean isNear = to.isBound() && to.offset() - (out.size() + near.length + 1) >= -128;
        int size = isNear ? 1 : 4;
        bytes(isNear ? near : far);
        int at = out.size();
        out.little(0, size);
        out.fix(at, size, at + size, to);
        return this;
    }

    /** The code, every label resolved. */
    public byte[] finish() {
        return out.finish();
    }

    // ------------------------------------------------------------------------------------------------ encoding

    private void write(Row row, Operand... ops) {
        Form form = row.form();
        int reg = form.reg >= 0 ? number(ops[form.reg]) : form == Form.NONE ? 0 : Math.max(row.digit(), 0);
        int extra = form.extra >= 0 ? number(ops[form.extra]) : 0;
        Operand rm = form.rm >= 0 ? ops[form.rm] : null;
        int bits = row.width(ops);
        switch (row.encoding().scheme()) {
            case LEGACY -> legacyPrefix(row, reg, rm, ops);
            case VEX -> vexPrefix(row, reg, extra, rm, bits);
            case EVEX -> evexPrefix(row, reg, extra, rm, bits, ops);
        }
        int low = form == Form.O ? number(ops[0]) & 7 : 0;
        out.int8(row.opcode() | low);
        Imm imm = row.immBytes() > 0 ? (Imm) ops[ops.length - 1] : null;
        if (form == Form.R) {
            out.int8(0xC0 | (reg & 7) << 3);
        } else if (rm instanceof Reg r) {
            out.int8(0xC0 | (reg & 7) << 3 | r.number() & 7);
        } else if (rm instanceof Mem m) {
            boolean evex = row.encoding().scheme() == Encoding.Scheme.EVEX;
            memory(reg, m, evex ? row.encoding().tuple().bytes(bits, m.broadcast()) : 1, row.immBytes());
        } else if (form == Form.NONE && row.digit() >= 0) {
            out.int8(row.digit());
        }
        if (imm != null) out.little(imm.value(), row.immBytes());
    }

    private static int number(Operand o) {
        return ((Reg) o).number();
    }

    private static int indexBits(Operand rm) {
        return rm instanceof Mem m && m.index() != null ? m.index().number() : 0;
    }

    private static int baseBits(Operand rm) {
        // no switch over types here, in Slot or in Row: its first run takes milliseconds, in every start
        if (rm instanceof Reg r) return r.number();
        return rm instanceof Mem m && m.base() != null ? m.base().number() : 0;
    }

    private void legacyPrefix(Row row, int reg, Operand rm, Operand... ops) {
        if (row.prefix() != 0) out.int8(row.prefix() == 1 ? 0x66 : row.prefix() == 2 ? 0xF3 : 0xF2);
        int base = row.form() == Form.O ? number(ops[0]) : baseBits(rm);
        int rex = row.encoding().w() << 3 | (reg >> 3 & 1) << 2 | (indexBits(rm) >> 3 & 1) << 1 | base >> 3 & 1;
        if (rex != 0) out.int8(0x40 | rex);
        if (row.map() > 0) out.int8(0x0F);
        if (row.map() > 1) out.int8(row.map() == 2 ? 0x38 : 0x3A);
    }

    private void vexPrefix(Row row, int reg, int extra, Operand rm, int bits) {
        int x = indexBits(rm) >> 3 & 1;
        int b = baseBits(rm) >> 3 & 1;
        int w = row.encoding().w();
        int last = (~extra & 15) << 3 | (bits == 256 ? 4 : 0) | row.prefix();
        if (x == 0 && b == 0 && w == 0 && row.map() == 1) {
            out.int8(0xC5).int8((~reg >> 3 & 1) << 7 | last);
        } else {
            out.int8(0xC4)
                    .int8((~reg >> 3 & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | row.map())
                    .int8(w << 7 | last);
        }
    }

    private void evexPrefix(Row row, int reg, int extra, Operand rm, int bits, Operand... ops) {
        int x = rm instanceof Reg r ? r.number() >> 4 : indexBits(rm) >> 3;
        int b = baseBits(rm) >> 3;
        boolean broadcast = rm instanceof Mem m && m.broadcast();
        int mask = 0;
        boolean zeroing = false;
        for (Operand o : ops) {
            if (o instanceof Reg r && r.mask() != 0) {
                mask = r.mask();
                zeroing = r.zeroing();
            } else if (o instanceof Mem m && m.mask() != 0) {
                mask = m.mask();
            }
        }
        int width = bits == 512 ? 2 : bits == 256 ? 1 : 0;
        out.int8(0x62);
        out.int8((~reg >> 3 & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | (~reg >> 4 & 1) << 4 | row.map());
        out.int8(row.encoding().w() << 7 | (~extra & 15) << 3 | 4 | row.prefix());
        out.int8((zeroing ? 0x80 : 0) | width << 5 | (broadcast ? 0x10 : 0) | (~extra >> 4 & 1) << 3 | mask);
    }

    /** ModRM, SIB and displacement; EVEX counts a one-byte displacement in units of what the instruction touches. */
    private void memory(int reg, Mem m, int unit, int immBytes) {
        int field = (reg & 7) << 3;
        if (m.label() != null) {
            out.int8(field | 5);
            int at = out.size();
            out.int32(0);
            out.fix(at, 4, at + 4 + immBytes - m.disp(), m.label());
            return;
        }
        int base = m.base().number() & 7;
        boolean fits = m.disp() % unit == 0 && m.disp() / unit == (byte) (m.disp() / unit);
        int mode = m.disp() == 0 && base != 5 ? 0 : fits ? 1 : 2;
        if (m.index() == null && base != 4) {
            out.int8(mode << 6 | field | base);
        } else {
            int index = m.index() == null ? 4 : m.index().number() & 7;
            out.int8(mode << 6 | field | 4);
            out.int8(Integer.numberOfTrailingZeros(m.scale()) << 6 | index << 3 | base);
        }
        if (mode == 1) out.int8(m.disp() / unit);
        if (mode == 2) out.int32(m.disp());
    }
}
