// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

/** The system gave no executable memory. Whoever wanted machine code does without. */
public final class MachineCodeException extends RuntimeException {
    private final int errno;

    /** @param errno what the system call left; 0 where there was none */
    public MachineCodeException(String message, int errno) {
        super(message + (errno == 0 ? "" : ": errno=" + errno));
        this.errno = errno;
    }

    public int errno() {
        return errno;
    }
}
