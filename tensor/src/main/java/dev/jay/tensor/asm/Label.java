// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

/** A place in code, named before or after it is reached. Belongs to the {@link CodeBuffer} that made it. */
public final class Label {
    private static final int UNBOUND = -1;

    private int at = UNBOUND;

    Label() {}

    public boolean isBound() {
        return at != UNBOUND;
    }

    /** Bytes from the start of the code. */
    public int offset() {
        if (!isBound()) throw new IllegalStateException("label was never bound");
        return at;
    }

    void bind(int offset) {
        if (isBound()) throw new IllegalStateException("label bound twice: first=" + at + ", again=" + offset);
        at = offset;
    }
}
