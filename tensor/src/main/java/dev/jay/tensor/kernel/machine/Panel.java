// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.x86.X86Assembler;

/**
 * How 16 rows of a format are laid out anew for {@link GemmCode}: for each sum of a row, a record {@code [q + 128:u8, four
 * columns of each of the 16 rows, then the next four ...][scales:f32 x 16][offsets:f32 x 16, if the format has them]}.
 */
interface Panel {
    /** Bytes of a block of the format. */
    int blockBytes();

    /** Columns of such a block. */
    int blockCols();

    /** Columns of one sum. */
    int sumCols();

    /** True if a weight is scale * q - offset. */
    boolean hasOffsets();

    /** Bytes of the record of one sum. */
    default int record() {
        return 16 * sumCols() + 64 + (hasOffsets() ? 64 : 0);
    }

    /** Records of a row. */
    default int records(int cols) {
        return cols / sumCols();
    }

    /** Added to a weight's q in a panel: dot products of four bytes want none below 0, products of tiles want them as they are. */
    int UNSIGNED = 128;

    /** Four bytes, each this. */
    static int bytes(int each) {
        return (each & 0xFF) * 0x01010101;
    }

    /** Loads constants, to zmm1 to zmm5; once a call. */
    void begin(X86Assembler a, Constants constants);

    /** Writes the records of one block of each row. */
    void block(PanelCode code);
}
