// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm.x86;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Linux lends a process its tiles only when asked; without it the first tile instruction ends the process. */
public final class AmxPermission {
    private static final long ARCH_PRCTL = 158; // number of the system call
    private static final long REQUEST = 0x1023; // ARCH_REQ_XCOMP_PERM
    private static final long TILE_DATA = 18;

    private AmxPermission() {}

    /** Asks, once for the whole process. True if tiles may be used from now on. */
    public static boolean request() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> syscall = linker.defaultLookup().find("syscall");
        if (syscall.isEmpty() || !CpuId.isX86()) return false;
        MethodHandle call = linker.downcallHandle(
                syscall.get(),
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1));
        try {
            return (long) call.invokeExact(ARCH_PRCTL, REQUEST, TILE_DATA) == 0;
        } catch (Throwable t) {
            throw new IllegalStateException(t); // a system call throws nothing
        }
    }
}
