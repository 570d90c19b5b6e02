// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.TDPBSSD;
import static dev.jay.tensor.asm.x86.Amx.TILELOADD;
import static dev.jay.tensor.asm.x86.Amx.TILERELEASE;
import static dev.jay.tensor.asm.x86.Amx.TILESTORED;
import static dev.jay.tensor.asm.x86.Amx.TILEZERO;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.tmm;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VCVTDQ2PS;

import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Arrays;
import java.util.Set;

/**
 * By a product of tiles, for a whole group of tokens: their q of a block are the rows of one, and a record of a panel has
 * the layout that the other needs. Weights have their signs, so sums need no correction; they go through
 * memory.
 */
final class TileProducts implements Products {
    static final Set<String> NEEDED = Set.of("amx_tile", "amx_int8");
    static final int MOST_TOKENS = Int8Form.TOKENS;
    static final int FEWEST_TOKENS = 8;
    static final int PLACE_BYTES = 2 * MOST_TOKENS * Tiles.ROW_BYTES;

    /** Tiles of the first turn; the second has the next three. */
    private static final int SUM = 0;

    private static final int X = 1;
    private static final int W = 2;
    private static final int TURN = 3;

    private static final int SUMS_BYTES = PLACE_BYTES / 2;

    private final X86Assembler a;
    private final Constants constants;
    private final int tokens;
    private final int place;

    /**
     * @param tokens of a group, of which some may not be there: theirs are sums of anything
     * @param place  from r9 to {@link #PLACE_BYTES} of its own
     */
    TileProducts(X86Assembler a, Constants constants, int tokens, int place) {
        this.a = a;
        this.constants = constants;
        this.tokens = tokens;
        this.place = place;
    }

    /** Sums of half a block would fill half of each tile and cost as much: dot products of four bytes are faster then. */
    static boolean serve(Panel panel, Set<String> features) {
        return panel.sumCols() == Int8Form.BLOCK && features.containsAll(NEEDED);
    }

    @Override
    public void enter() {
        int[] rows = new int[8];
        int[] bytes = new int[8];
        Arrays.fill(rows, tokens);
        Arrays.fill(bytes, Tiles.ROW_BYTES);
        bytes[X] = Int8Form.BLOCK;
        bytes[TURN + X] = Int8Form.BLOCK;
        rows[W] = Int8Form.BLOCK / 4;
        rows[TURN + W] = Int8Form.BLOCK / 4;
        Tiles.configure(a, constants, rows, bytes);
    }

    @Override
    public void begin(int turn) {
        a.emit(MOV, RAX.low32(), imm(Int8Form.BLOCK));
        Reg sum = tmm(turn * TURN + SUM);
        Reg x = tmm(turn * TURN + X);
        Reg w = tmm(turn * TURN + W);
        a.emit(TILELOADD, w, mem(RDI, RAX, 2, 0)).emit(TILELOADD, x, mem(RSI, RAX, 1, 0));
        a.emit(TILEZERO, sum).emit(TDPBSSD, sum, x, w);
    }

    @Override
    public boolean comeLater() {
        return true;
    }

    @Override
    public void end(int turn) {
        a.emit(TILESTORED, mem(R9, RAX, 2, place + turn * SUMS_BYTES), tmm(turn * TURN + SUM));
    }

    @Override
    public Reg sum(int turn, int token) {
        Reg sum = zmm(18 + token % 8);
        a.emit(VCVTDQ2PS, sum, mem(R9, place + turn * SUMS_BYTES + Tiles.ROW_BYTES * token));
        return sum;
    }

    @Override
    public void leave() {
        a.emit(TILERELEASE);
    }
}
