// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Amx.LDTILECFG;

import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Arrays;
import java.util.Set;

/**
 * What functions that use tiles share. A function configures the tiles when it is entered and releases them before it
 * returns, so that no tile ever holds anything while Java runs: a thread's state stays small for signals and switches.
 */
final class Tiles {
    static final Set<String> FEATURES = Set.of("amx_tile", "amx_int8", "amx_bf16", "avx512_bf16");

    static final int ROWS = 16;
    static final int ROW_BYTES = 64;
    static final int BYTES = ROWS * ROW_BYTES;

    private Tiles() {}

    /** Configures all eight: tile i has {@code rows[i]} rows of {@code bytes[i]} bytes. */
    static void configure(X86Assembler a, Constants constants, int[] rows, int[] bytes) {
        int[] words = new int[16];
        words[0] = 1; // the palette
        for (int i = 0; i < 8; i++) {
            words[4 + i / 2] |= bytes[i] << 16 * (i % 2);
            words[12 + i / 4] |= rows[i] << 8 * (i % 4);
        }
        a.emit(LDTILECFG, constants.ints(words));
    }

    /** Configures all eight, each of 16 rows of 64 bytes. */
    static void configure(X86Assembler a, Constants constants) {
        int[] rows = {ROWS, ROWS, ROWS, ROWS, ROWS, ROWS, ROWS, ROWS};
        int[] bytes = new int[8];
        Arrays.fill(bytes, ROW_BYTES);
        configure(a, constants, rows, bytes);
    }
}
