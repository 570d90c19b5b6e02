// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/**
 * A register.
 *
 * @param mask    mask register that guards the lanes of a vector; 0: none
 * @param zeroing true: lanes that the mask leaves out become zero; false: they keep their value
 */
public record Reg(Kind kind, int number, int mask, boolean zeroing) implements Operand {
    /** How wide it is. */
    public enum Kind {
        GPR32,
        GPR64,
        XMM,
        YMM,
        ZMM,
        MASK,
        TILE
    }

    public static final Reg RAX = gpr64(0);
    public static final Reg RCX = gpr64(1);
    public static final Reg RDX = gpr64(2);
    public static final Reg RBX = gpr64(3);
    public static final Reg RSP = gpr64(4);
    public static final Reg RBP = gpr64(5);
    public static final Reg RSI = gpr64(6);
    public static final Reg RDI = gpr64(7);
    public static final Reg R8 = gpr64(8);
    public static final Reg R9 = gpr64(9);
    public static final Reg R10 = gpr64(10);
    public static final Reg R11 = gpr64(11);
    public static final Reg R12 = gpr64(12);
    public static final Reg R13 = gpr64(13);
    public static final Reg R14 = gpr64(14);
    public static final Reg R15 = gpr64(15);

    private static final String[] LEGACY = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};

    public Reg {
        int count = switch (kind) {
            case GPR32, GPR64 -> 16;
            case XMM, YMM, ZMM -> 32;
            case MASK, TILE -> 8;
        };
        if (number < 0 || number >= count) {
            throw new IllegalArgumentException("no such register: kind=" + kind + ", number=" + number);
        }
        if (mask < 0
                || mask > 7
                || (mask != 0 && (kind.ordinal() < 2 || kind.ordinal() > 4))
                || (zeroing && mask == 0)) {
            throw new IllegalArgumentException(
                    "no such mask: kind=" + kind + ", mask=" + mask + ", zeroing=" + zeroing);
        }
    }

    private Reg(Kind kind, int number) {
        this(kind, number, 0, false);
    }

    public static Reg gpr64(int number) {
        return new Reg(Kind.GPR64, number);
    }

    public static Reg xmm(int number) {
        return new Reg(Kind.XMM, number);
    }

    public static Reg ymm(int number) {
        return new Reg(Kind.YMM, number);
    }

    public static Reg zmm(int number) {
        return new Reg(Kind.ZMM, number);
    }

    public static Reg k(int number) {
        return new Reg(Kind.MASK, number);
    }

    public static Reg tmm(int number) {
        return new Reg(Kind.TILE, number);
    }

    /** The low half of a general register. */
    public Reg low32() {
        return new Reg(Kind.GPR32, number);
    }

    /** This vector register, 128 bits wide. */
    public Reg x() {
        return xmm(number);
    }

    /** This vector register, 256 bits wide. */
    public Reg y() {
        return ymm(number);
    }

    /** Merging: lanes left out by the mask keep their value. */
    public Reg mask(Reg k) {
        return new Reg(kind, number, k.number, false);
    }

    /** Zeroing: lanes left out by the mask become zero. */
    public Reg zero(Reg k) {
        return new Reg(kind, number, k.number, true);
    }

    boolean isVector() {
        return kind == Kind.XMM || kind == Kind.YMM || kind == Kind.ZMM;
    }

    /** Bits of a vector register. */
    int bits() {
        return kind == Kind.XMM ? 128 : kind == Kind.YMM ? 256 : 512;
    }

    @Override
    public String toString() {
        String name = switch (kind) {
            case GPR32 -> number < 8 ? "e" + LEGACY[number] : "r" + number + "d";
            case GPR64 -> number < 8 ? "r" + LEGACY[number] : "r" + number;
            case XMM -> "xmm" + number;
            case YMM -> "ymm" + number;
            case ZMM -> "zmm" + number;
            case MASK -> "k" + number;
            case TILE -> "tmm" + number;
        };
        return name + (mask == 0 ? "" : "{k" + mask + "}") + (zeroing ? "{z}" : "");
    }
}
