// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/** How much memory an instruction touches: the unit of EVEX's compressed displacement, and the element it can broadcast. */
public enum Tuple {
    /** A whole vector, or one 4-byte element for all lanes. */
    FULL4(1, 0, 4),
    /** A whole vector, or one 8-byte element for all lanes. */
    FULL8(1, 0, 8),
    WHOLE(1, 0, 0),
    HALF(2, 0, 0),
    QUARTER(4, 0, 0),
    BYTES1(0, 1, 0),
    BYTES2(0, 2, 0),
    BYTES4(0, 4, 0),
    BYTES8(0, 8, 0),
    BYTES16(0, 16, 0),
    BYTES32(0, 32, 0);

    private final int part;
    private final int fixed;
    final int element;

    Tuple(int part, int fixed, int element) {
        this.part = part;
        this.fixed = fixed;
        this.element = element;
    }

    /** Bytes touched by an instruction of {@code bits} width. */
    int bytes(int bits, boolean broadcast) {
        return broadcast ? element : fixed != 0 ? fixed : bits / 8 / part;
    }
}
