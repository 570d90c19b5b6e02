// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/** When a jump is taken. */
public enum Condition {
    BELOW(2),
    AT_LEAST(3),
    ZERO(4),
    NOT_ZERO(5),
    NOT_ABOVE(6),
    ABOVE(7),
    NEGATIVE(8),
    NOT_NEGATIVE(9),
    LESS(12),
    NOT_LESS(13),
    NOT_GREATER(14),
    GREATER(15);

    private final int code;

    Condition(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
