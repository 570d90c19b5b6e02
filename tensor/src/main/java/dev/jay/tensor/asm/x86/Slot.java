// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/**
 * What may stand at one place of an instruction. {@code V} is a vector of the instruction's width, {@code H} and
 * {@code Q} one of a half and a quarter of it (at least xmm); those with an {@code M} may also be memory.
 */
public enum Slot {
    V(false),
    VM(true),
    H(false),
    HM(true),
    Q(false),
    QM(true),
    X(false),
    XM(true),
    R32(false),
    RM32(true),
    R64(false),
    RM64(true),
    K(false),
    T(false),
    M(true),
    /** eax, which has shorter encodings. */
    EAX(false),
    /** rax, which has shorter encodings. */
    RAX(false),
    /** A constant, signed or not. */
    I(false),
    /** A constant that is sign-extended. */
    S(false),
    /** The constant 1, implied by the opcode. */
    ONE(false);

    private final boolean memory;

    Slot(boolean memory) {
        this.memory = memory;
    }

    boolean takesMemory() {
        return memory;
    }

    /** True for a vector of the instruction's own width, which is read from it. */
    boolean isFull() {
        return this == V || this == VM;
    }

    /** Whether the operand may stand here, in an instruction of {@code bits} width with a constant of some bytes. */
    boolean accepts(Operand o, int bits, int immBytes) {
        if (o instanceof Imm i) return accepts(i, immBytes);
        return o instanceof Reg r ? accepts(r, bits) : memory;
    }

    private boolean accepts(Imm i, int immBytes) {
        return switch (this) {
            case I -> i.fits(immBytes);
            case S -> i.fitsSigned(immBytes);
            case ONE -> i.value() == 1;
            default -> false;
        };
    }

    private boolean accepts(Reg r, int bits) {
        return switch (this) {
            case V, VM -> r.isVector() && r.bits() == bits;
            case H, HM -> r.isVector() && r.bits() == Math.max(128, bits / 2);
            case Q, QM -> r.isVector() && r.bits() == Math.max(128, bits / 4);
            case X, XM -> r.kind() == Reg.Kind.XMM;
            case R32, RM32 -> r.kind() == Reg.Kind.GPR32;
            case R64, RM64 -> r.kind() == Reg.Kind.GPR64;
            case EAX -> r.kind() == Reg.Kind.GPR32 && r.number() == 0;
            case RAX -> r.kind() == Reg.Kind.GPR64 && r.number() == 0;
            case K -> r.kind() == Reg.Kind.MASK;
            case T -> r.kind() == Reg.Kind.TILE;
            case M, I, S, ONE -> false;
        };
    }
}
