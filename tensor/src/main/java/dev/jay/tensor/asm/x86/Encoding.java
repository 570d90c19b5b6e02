// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/**
 * How the fields of a {@link Row} are put into bytes, and what CPU can run it.
 *
 * @param w       the W bit: operand size, or part of the opcode
 * @param widths  vector widths it has, in bits, added up (128 + 256 + 512); 0 for those that have none
 * @param tuple   what it touches in memory
 * @param feature CPU feature it needs, as Linux writes it; empty: every x86-64 has it
 */
public record Encoding(Scheme scheme, int w, int widths, Tuple tuple, String feature) {
    /** The prefix that carries the fields. */
    public enum Scheme {
        LEGACY,
        VEX,
        EVEX
    }

    static Encoding legacy(int w, Tuple tuple, String feature) {
        return new Encoding(Scheme.LEGACY, w, 0, tuple, feature);
    }

    static Encoding vex(int w, int widths, Tuple tuple, String feature) {
        return new Encoding(Scheme.VEX, w, widths, tuple, feature);
    }

    static Encoding evex(int w, int widths, Tuple tuple, String feature) {
        return new Encoding(Scheme.EVEX, w, widths, tuple, feature);
    }

    boolean has(int bits) {
        return bits == 0 ? widths == 0 : (widths & bits) != 0;
    }
}
