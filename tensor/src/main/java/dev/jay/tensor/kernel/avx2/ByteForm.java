// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.avx2;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;
import dev.jay.tensor.kernel.machine.Words;

/**
 * Rows of x as signed bytes in blocks of 32 with a float scale: x = d * q, d = greatest magnitude / 127. Each row lies in
 * planes, padded with zeros to whole groups of eight blocks: {@code [q:i8 x 32 a block][d:f32][c:i32][xs:f32][c16:i32 x 2]},
 * where c = -128 * (sum of q), c16 is that of each half of the block, and xs = d * (sum of q). One row or many, the bytes
 * of a row are the same.
 *
 * <p>A block whose greatest magnitude is under 2^-119 counts as zero; one with an infinity or NaN becomes all infinite
 * or NaN.
 */
final class ByteForm implements ActivationForm {
    static final int BLOCK = 32;
    private static final int LANES = 8; // blocks of a padded group
    private static final int BLOCK_BYTES = BLOCK + 5 * 4; // with its planes

    private final MachineCode.Function pack;

    ByteForm(MachineCode.Function pack) {
        this.pack = pack;
    }

    @Override
    public String name() {
        return "int8 in blocks of 32, row by row";
    }

    private static long padded(int cols) {
        return Math.ceilDiv(cols / BLOCK, LANES) * (long) LANES;
    }

    /** From the beginning of a row to its planes. */
    static long planeD(int cols) {
        return padded(cols) * BLOCK;
    }

    static long planeC(int cols) {
        return padded(cols) * (BLOCK + 4);
    }

    static long planeXs(int cols) {
        return padded(cols) * (BLOCK + 8);
    }

    static long planeC16(int cols) {
        return padded(cols) * (BLOCK + 12);
    }

    /** From row to row. */
    static long rowBytes(int cols) {
        return padded(cols) * BLOCK_BYTES;
    }

    @Override
    public long bytes(int n, int cols) {
        if (cols % BLOCK != 0) {
            throw new IllegalArgumentException(name() + " needs a multiple of " + BLOCK + " columns: got " + cols);
        }
        return n * rowBytes(cols);
    }

    @Override
    public void pack(long x, int n, int cols, int from, int to, long packed) {
        long blocks = cols / BLOCK;
        long missing = padded(cols) - blocks;
        for (int t = from; t < to; t++) {
            long row = packed + t * rowBytes(cols);
            pack.call(x + 4L * t * cols, blocks, row, row + planeD(cols), 4 * padded(cols), 0);
            if (missing == 0) continue;
            Words.clear(row + blocks * BLOCK, missing * BLOCK);
            for (int plane = 0; plane < 3; plane++) {
                Words.clear(row + planeD(cols) + 4 * (plane * padded(cols) + blocks), 4 * missing);
            }
            Words.clear(row + planeC16(cols) + 8 * blocks, 8 * missing);
        }
    }
}
