// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import static dev.jay.tensor.asm.x86.Reg.k;
import static dev.jay.tensor.asm.x86.Reg.zmm;

import dev.jay.tensor.asm.x86.X86Assembler;

/** Weights that are floats: 32 columns count as a block, and the last may have fewer. Of bf16 no bit is lost. */
record UnpackFloats(FloatLoad load) implements Unpack {
    @Override
    public int blockBytes() {
        return 32 * load.bytes;
    }

    @Override
    public int blockCols() {
        return 32;
    }

    @Override
    public void begin(X86Assembler a, Constants constants) {}

    @Override
    public void block(UnpackCode code) {
        load.load(code.a, zmm(16).zero(k(1)), code.at(0));
        load.load(code.a, zmm(17).zero(k(2)), code.at(16 * load.bytes));
        code.store(0, zmm(16), zmm(17));
    }
}
