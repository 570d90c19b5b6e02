// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static dev.jay.tensor.asm.x86.Slot.M;
import static dev.jay.tensor.asm.x86.Slot.T;

import java.util.List;

/** Tiles. A tile load or store needs an index register: it is the distance from row to row. */
public final class Amx {
    private static final String TILE = "amx_tile";

    public static final Instruction LDTILECFG = new Instruction("ldtilecfg", row(Form.M, 0, 0x49, 0, TILE, M));
    public static final Instruction TILERELEASE = new Instruction("tilerelease", row(Form.NONE, 0, 0x49, 0xC0, TILE));
    public static final Instruction TILEZERO = new Instruction("tilezero", row(Form.R, 3, 0x49, -1, TILE, T));
    public static final Instruction TILELOADD = new Instruction("tileloadd", row(Form.RM, 3, 0x4B, -1, TILE, T, M));

    /** As {@link #TILELOADD}, of what is read once: it may stay out of the first-level cache. */
    public static final Instruction TILELOADDT1 = new Instruction("tileloaddt1", row(Form.RM, 1, 0x4B, -1, TILE, T, M));

    public static final Instruction TILESTORED = new Instruction("tilestored", row(Form.MR, 2, 0x4B, -1, TILE, M, T));
    public static final Instruction TDPBSSD =
            new Instruction("tdpbssd", row(Form.RMV, 3, 0x5E, -1, "amx_int8", T, T, T));
    public static final Instruction TDPBUSD =
            new Instruction("tdpbusd", row(Form.RMV, 1, 0x5E, -1, "amx_int8", T, T, T));
    public static final Instruction TDPBSUD =
            new Instruction("tdpbsud", row(Form.RMV, 2, 0x5E, -1, "amx_int8", T, T, T));
    public static final Instruction TDPBF16PS =
            new Instruction("tdpbf16ps", row(Form.RMV, 2, 0x5C, -1, "amx_bf16", T, T, T));

    private Amx() {}

    private static Row row(Form form, int prefix, int opcode, int digit, String feature, Slot... slots) {
        return new Row(form, List.of(slots), prefix, 2, opcode, digit, 0, Encoding.vex(0, 0, Tuple.WHOLE, feature));
    }
}
