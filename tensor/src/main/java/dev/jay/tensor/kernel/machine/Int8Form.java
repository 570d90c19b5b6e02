// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.ActivationForm;

/**
 * Rows of x as signed bytes in blocks of 32 with a float scale: x = d * q, d = greatest magnitude / 127. Beside each
 * block stand sums that kernels need because they multiply by weights with an offset: {@code c} = -128 * (sum of q),
 * {@code xs} = d * (sum of q), and {@code c16} = -128 * (sum of q) for each half of the block.
 *
 * <p>Up to {@link #FEW} rows lie each in planes, padded with zeros to whole groups of 16 blocks: {@code [q:i8 x 32 a block]
 * [d:f32][c:i32][xs:f32][c16:i32 x 2][q once more, as SplitCode lays it out]}. More rows lie in groups of 16 tokens,
 * block after block: {@code [q:i8 x 32, token after token][d:f32 x 16][c:i32 x 16][xs:f32 x 16][c16 first half:i32 x 16]
 * [c16 second half:i32 x 16]}.
 *
 * <p>A block whose greatest magnitude is under 2^-119 counts as zero; one with an infinity or NaN becomes all infinite
 * or NaN.
 */
final class Int8Form implements ActivationForm {
    static final int BLOCK = 32;
    static final int FEW = 4; // rows that lie in planes
    static final int TOKENS = 16; // of a group
    static final int LANES = 16; // blocks of a padded group of planes

    /** Offsets in the record of a block of 16 tokens. */
    static final int D = TOKENS * BLOCK;

    static final int C = D + 4 * TOKENS;
    static final int XS = C + 4 * TOKENS;
    static final int C16 = XS + 4 * TOKENS;
    static final int RECORD = C16 + 8 * TOKENS;

    private static final int SPLIT = BLOCK + 5 * 4; // offset of the last plane, for a block
    private static final int BLOCK_BYTES = SPLIT + BLOCK; // of a block in planes

    private final MachineCode.Function pack;
    private final MachineCode.Function split;

    Int8Form(MachineCode.Function pack, MachineCode.Function split) {
        this.pack = pack;
        this.split = split;
    }

    @Override
    public String name() {
        return "int8 in blocks of 32";
    }

    /** Blocks of a row in planes, padding counted. */
    static long padded(int cols) {
        return Math.ceilDiv(cols / BLOCK, LANES) * (long) LANES;
    }

    static long planeD(long packed, int cols) {
        return packed + padded(cols) * BLOCK;
    }

    static long planeC(long packed, int cols) {
        return packed + padded(cols) * (BLOCK + 4);
    }

    static long planeXs(long packed, int cols) {
        return packed + padded(cols) * (BLOCK + 8);
    }

    static long planeC16(long packed, int cols) {
        return packed + padded(cols) * (BLOCK + 12);
    }

    static long planeSplit(long packed, int cols) {
        return packed + padded(cols) * SPLIT;
    }

    /** Bytes of a row in planes. */
    static long rowBytes(int cols) {
        return padded(cols) * BLOCK_BYTES;
    }

    /** Bytes of a group of 16 tokens. */
    static long groupBytes(int cols) {
        return (long) cols / BLOCK * RECORD;
    }

    @Override
    public long bytes(int n, int cols) {
        if (cols % BLOCK != 0) {
            throw new IllegalArgumentException(name() + " needs a multiple of " + BLOCK + " columns: got " + cols);
        }
        // and the block of arguments, which each row of a group has to itself
        long planes = Math.min(n, FEW) * rowBytes(cols); // of short rows these can be more than a group
        long groups = n <= FEW ? 0 : Math.ceilDiv(n, TOKENS) * groupBytes(cols);
        return Math.max(planes, groups) + (long) n * Words.BYTES;
    }

    @Override
    public void pack(long x, int n, int cols, int from, int to, long packed) {
        long blocks = cols / BLOCK;
        for (int t = from; t < to; t++) {
            long args = packed + bytes(n, cols) - (long) (t + 1) * Words.BYTES;
            Words.set(args, 0, x + 4L * t * cols);
            Words.set(args, 1, blocks);
            if (n <= FEW) {
                planes(args, packed + t * rowBytes(cols), cols);
            } else {
                group(args, packed + t / TOKENS * groupBytes(cols), t % TOKENS);
                pack.callBriefly(args);
            }
        }
    }

    private void planes(long args, long packed, int cols) {
        long blocks = cols / BLOCK;
        long missing = padded(cols) - blocks;
        place(args, packed, planeD(packed, cols), planeC(packed, cols), planeXs(packed, cols));
        place16(args, planeC16(packed, cols), planeC16(packed, cols) + 4);
        steps(args, BLOCK, 4, 8);
        Words.clear(packed + blocks * BLOCK, missing * BLOCK);
        Words.clear(planeD(packed, cols) + blocks * 4, missing * 4);
        Words.clear(planeC(packed, cols) + blocks * 4, missing * 4);
        Words.clear(planeXs(packed, cols) + blocks * 4, missing * 4);
        Words.clear(planeC16(packed, cols) + blocks * 8, missing * 8);
        pack.callBriefly(args);
        Words.set(args, 0, packed);
        Words.set(args, 1, padded(cols) / SplitCode.BLOCKS);
        Words.set(args, 2, planeSplit(packed, cols));
        split.callBriefly(args);
    }

    private static void group(long args, long group, int token) {
        long at = group + 4L * token;
        place(args, group + (long) token * BLOCK, at + D, at + C, at + XS);
        place16(args, at + C16, at + C16 + 4 * TOKENS);
        steps(args, RECORD, RECORD, RECORD);
    }

    private static void place(long args, long q, long d, long c, long xs) {
        Words.set(args, 2, q);
        Words.set(args, 3, d);
        Words.set(args, 4, c);
        Words.set(args, 5, xs);
    }

    private static void place16(long args, long first, long second) {
        Words.set(args, 6, first);
        Words.set(args, 7, second);
    }

    private static void steps(long args, long q, long plane, long half) {
        Words.set(args, 8, q);
        Words.set(args, 9, plane);
        Words.set(args, 10, half);
    }
}
