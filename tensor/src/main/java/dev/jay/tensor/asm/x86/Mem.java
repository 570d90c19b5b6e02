// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import dev.jay.tensor.asm.Label;

/**
 * Memory at base + index * scale + disp, or at a label of the same code.
 *
 * @param base      null where a label is given
 * @param index     null for none
 * @param broadcast true: one element, given to every lane
 * @param mask      mask register that guards a store; 0: none
 */
public record Mem(Reg base, Reg index, int scale, int disp, boolean broadcast, int mask, Label label)
        implements Operand {
    public Mem {
        if ((base == null) == (label == null)) throw new IllegalArgumentException("memory needs a base or a label");
        if (base != null && base.kind() != Reg.Kind.GPR64) {
            throw new IllegalArgumentException("base must be a 64-bit register: " + base);
        }
        if (index != null && (index.kind() != Reg.Kind.GPR64 || index.number() == 4 || label != null)) {
            throw new IllegalArgumentException("index must be a 64-bit register other than rsp, with a base: " + index);
        }
        if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
            throw new IllegalArgumentException("scale must be 1, 2, 4 or 8: " + scale);
        }
    }

    public static Mem mem(Reg base, int disp) {
        return new Mem(base, null, 1, disp, false, 0, null);
    }

    public static Mem mem(Reg base, Reg index, int scale, int disp) {
        return new Mem(base, index, scale, disp, false, 0, null);
    }

    public static Mem mem(Label label) {
        return new Mem(null, null, 1, 0, false, 0, label);
    }

    public static Mem mem(Label label, int disp) {
        return new Mem(null, null, 1, disp, false, 0, label);
    }

    /** One element, given to every lane. */
    public Mem each() {
        return new Mem(base, index, scale, disp, true, mask, label);
    }

    /** A store of the lanes that the mask names. */
    public Mem mask(Reg k) {
        return new Mem(base, index, scale, disp, broadcast, k.number(), label);
    }

    @Override
    public String toString() {
        StringBuilder s = new StringBuilder("[").append(label != null ? "label" : base);
        if (index != null) s.append('+').append(index).append('*').append(scale);
        if (disp != 0) s.append(disp > 0 ? "+" : "").append(disp);
        return s.append(']').append(mask == 0 ? "" : "{k" + mask + "}").toString();
    }
}
