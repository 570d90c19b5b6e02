// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import dev.jay.tensor.memory.LibraryCall;
import java.util.Optional;

/** Linux lends a process its tiles only when asked; without it the first tile instruction ends the process. */
public final class AmxPermission {
    private static final long ARCH_PRCTL = 158; // number of the system call
    private static final long REQUEST = 0x1023; // ARCH_REQ_XCOMP_PERM
    private static final long TILE_DATA = 18;

    private AmxPermission() {}

    /** Asks, once for the whole process. True if tiles may be used from now on. */
    public static boolean request() {
        Optional<LibraryCall> syscall = LibraryCall.find("syscall");
        if (syscall.isEmpty() || !CpuId.isX86()) return false;
        return syscall.get().call(ARCH_PRCTL, REQUEST, TILE_DATA).value() == 0;
    }
}
