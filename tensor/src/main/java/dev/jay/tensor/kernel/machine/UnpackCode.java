// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Avx512.KMOVD;
import static dev.jay.tensor.asm.x86.Avx512.VCVTNE2PS2BF16;
import static dev.jay.tensor.asm.x86.Avx512.VMOVDQU64;
import static dev.jay.tensor.asm.x86.Imm.imm;
import static dev.jay.tensor.asm.x86.Integers.ADD;
import static dev.jay.tensor.asm.x86.Integers.DEC;
import static dev.jay.tensor.asm.x86.Integers.ENDBR64;
import static dev.jay.tensor.asm.x86.Integers.MOV;
import static dev.jay.tensor.asm.x86.Integers.POP;
import static dev.jay.tensor.asm.x86.Integers.PREFETCHT1;
import static dev.jay.tensor.asm.x86.Integers.PUSH;
import static dev.jay.tensor.asm.x86.Integers.RET;
import static dev.jay.tensor.asm.x86.Integers.SHR;
import static dev.jay.tensor.asm.x86.Mem.mem;
import static dev.jay.tensor.asm.x86.Reg.R10;
import static dev.jay.tensor.asm.x86.Reg.R11;
import static dev.jay.tensor.asm.x86.Reg.R8;
import static dev.jay.tensor.asm.x86.Reg.R9;
import static dev.jay.tensor.asm.x86.Reg.RAX;
import static dev.jay.tensor.asm.x86.Reg.RBX;
import static dev.jay.tensor.asm.x86.Reg.RCX;
import static dev.jay.tensor.asm.x86.Reg.RDI;
import static dev.jay.tensor.asm.x86.Reg.RDX;
import static dev.jay.tensor.asm.x86.Reg.RSI;
import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;
import static dev.jay.tensor.asm.x86.Vectors.VZEROUPPER;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Condition;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.Reg;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Set;

/**
 * Up to 32 rows of w to bf16 for {@link Bf16TileCode}: for each step of 32 columns two tiles, [16 rows][32 columns]
 * each. The same columns of the rows that come next are fetched towards the cache meanwhile.
 */
final class UnpackCode {
    /** Places in the block of arguments. */
    static final int W = 0;

    static final int ROW_BYTES = 1;
    static final int ROWS = 2;
    static final int BLOCKS = 3;
    static final int OUT = 4;
    static final int PLACE = 5; // for what is on the way: PLACE_BYTES
    static final int AHEAD = 6; // from a row to the one that comes next in its place, in bytes
    static final int COLS = 7; // a bit for each of 32 columns that are there, for formats that have no blocks

    static final int PLACE_BYTES = 256;

    /** Bytes of a step: two tiles. */
    static final int STEP_BYTES = 2 * Tiles.BYTES;

    final X86Assembler a;
    private final Constants constants;
    private final Unpack format;

    private UnpackCode(Unpack format, Set<String> features) {
        this.format = format;
        this.a = new X86Assembler(features);
        this.constants = new Constants(a);
    }

    static byte[] build(Unpack format, Set<String> features) {
        return new UnpackCode(format, features).build();
    }

    private byte[] build() {
        Label row = a.label();
        Label block = a.label();
        a.emit(ENDBR64).emit(PUSH, RBX).emit(MOV, RBX, RDI);
        a.emit(MOV, R10, mem(RBX, 8 * W)).emit(MOV, R11, mem(RBX, 8 * OUT));
        a.emit(MOV, RDX, mem(RBX, 8 * PLACE)).emit(MOV, R8, mem(RBX, 8 * AHEAD));
        a.emit(MOV, R9, mem(RBX, 8 * ROWS));
        a.emit(MOV, RAX, mem(RBX, 8 * COLS)).emit(KMOVD, k(1), RAX.low32());
        a.emit(SHR, RAX, imm(16)).emit(KMOVD, k(2), RAX.low32());
        format.begin(a, constants);
        a.bind(row).emit(MOV, RDI, R10).emit(MOV, RSI, R11).emit(MOV, RCX, mem(RBX, 8 * BLOCKS));
        a.align(32).bind(block);
        for (int at = 0; at < format.blockBytes(); at += 64) a.emit(PREFETCHT1, mem(RDI, R8, 1, at));
        format.block(this);
        a.emit(ADD, RDI, imm(format.blockBytes()));
        a.emit(ADD, RSI, imm((long) STEP_BYTES * format.blockCols() / 32));
        a.emit(DEC, RCX).jump(Condition.NOT_ZERO, block);
        a.emit(ADD, R10, mem(RBX, 8 * ROW_BYTES)).emit(ADD, R11, imm(Tiles.ROW_BYTES));
        a.emit(DEC, R9).jump(Condition.NOT_ZERO, row);
        a.emit(VZEROUPPER).emit(POP, RBX).emit(RET);
        constants.write();
        return a.finish();
    }

    /** Byte {@code at} of the current block. */
    Mem at(int at) {
        return mem(RDI, at);
    }

    Mem place(int at) {
        return mem(RDX, at);
    }

    /** The i-th 32 columns of the block: sixteen and sixteen as f32, rounded to bf16 into {@code low}. */
    void store(int i, Reg low, Reg high) {
        a.emit(VCVTNE2PS2BF16, low, high, low);
        a.emit(VMOVDQU64, mem(RSI, i * STEP_BYTES), zmm(low.number()));
    }
}
