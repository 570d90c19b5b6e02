// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import java.util.List;

/**
 * One mnemonic.
 *
 * @param rows the ways to write it, in the order they are tried: the first that takes the operands is used
 */
public record Instruction(String mnemonic, List<Row> rows) {
    public Instruction {
        rows = List.copyOf(rows);
    }

    Instruction(String mnemonic, Row... rows) {
        this(mnemonic, List.of(rows));
    }

    @Override
    public String toString() {
        return mnemonic;
    }
}
