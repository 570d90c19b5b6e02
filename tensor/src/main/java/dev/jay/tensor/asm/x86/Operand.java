// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

/** What an instruction works on, in Intel's order: destination first. */
public sealed interface Operand permits Reg, Mem, Imm {}
