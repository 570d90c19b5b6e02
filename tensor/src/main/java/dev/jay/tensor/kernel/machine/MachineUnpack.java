// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.UnpackKernel;

/** Groups to rows in machine code. */
record MachineUnpack(MachineCode.Function code, long scratchBytes) implements UnpackKernel {
    @Override
    public void run(long groups, int count, long next, long to, long scratch) {
        code.call(groups, count, next, to, scratch, 0);
    }
}
