// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import java.util.List;

/**
 * One way to write an instruction: over these operands, in this encoding.
 *
 * @param slots    what each operand may be
 * @param prefix   0 none, 1 0x66, 2 0xF3, 3 0xF2
 * @param map      0 one-byte opcodes, 1 0F, 2 0F38, 3 0F3A
 * @param digit    extends the opcode in the register field (form NONE: a whole byte after it); -1 none
 * @param immBytes size of the constant at the end; 0 none
 * @param encoding the prefix, and what it needs of the CPU
 */
public record Row(
        Form form, List<Slot> slots, int prefix, int map, int opcode, int digit, int immBytes, Encoding encoding) {
    public Row {
        slots = List.copyOf(slots);
    }

    /** Width in bits that these operands ask for; 0 if the row has none. */
    int width(Operand... operands) {
        for (int i = 0; i < slots.size(); i++) {
            if (slots.get(i).isFull() && operands[i] instanceof Reg r && r.isVector()) return r.bits();
        }
        return 0;
    }

    /** Whether these operands can be written this way. */
    boolean accepts(Operand... operands) {
        if (operands.length != slots.size()) return false;
        int bits = width(operands);
        if (!encoding.has(bits)) return false;
        boolean evex = encoding.scheme() == Encoding.Scheme.EVEX;
        for (int i = 0; i < operands.length; i++) {
            if (!slots.get(i).accepts(operands[i], bits, immBytes)) return false;
            if (!evex && needsEvex(operands[i])) return false;
            if (operands[i] instanceof Mem m && m.broadcast() && encoding.tuple().element == 0) return false;
        }
        return true;
    }

    private static boolean needsEvex(Operand o) {
        if (o instanceof Reg r) return r.isVector() && r.number() > 15 || r.mask() != 0;
        return o instanceof Mem m && (m.broadcast() || m.mask() != 0);
    }
}
