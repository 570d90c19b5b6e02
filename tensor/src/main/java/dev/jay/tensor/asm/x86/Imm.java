// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/** A constant in the instruction. */
public record Imm(long value) implements Operand {
    public static Imm imm(long value) {
        return new Imm(value);
    }

    boolean fits(int bytes) {
        return bytes == 8 || (value >= -(1L << (8 * bytes - 1)) && value < 1L << 8 * bytes);
    }

    boolean fitsSigned(int bytes) {
        return bytes == 8 || (value >= -(1L << (8 * bytes - 1)) && value < 1L << (8 * bytes - 1));
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
