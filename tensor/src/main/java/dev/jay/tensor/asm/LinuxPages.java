// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** mmap, mprotect and munmap, with Linux's constants. */
final class LinuxPages implements CodePages {
    private static final int READ = 1;
    private static final int WRITE = 2;
    private static final int EXECUTE = 4;
    private static final int PRIVATE = 2;
    private static final int ANONYMOUS = 0x20;
    private static final long FAILED = -1;
    private static final long PAGE = 4096;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    /** Bound when the first page is wanted. */
    private static final class Calls {
        static final MethodHandle MMAP = handle(
                "mmap",
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
        static final MethodHandle MPROTECT =
                handle("mprotect", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
        static final MethodHandle MUNMAP = handle("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    }

    private static MethodHandle handle(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new MachineCodeException("the C library has no " + name, 0));
        return linker.downcallHandle(symbol, type, Linker.Option.captureCallState("errno"));
    }

    @Override
    public long pageBytes() {
        return PAGE;
    }

    @Override
    public long map(long bytes) {
        if (!Files.exists(Path.of("/proc/self/maps"))) {
            throw new MachineCodeException("machine code is loaded on Linux only, and this is another system", 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long at = (long) Calls.MMAP.invokeExact(state, 0L, bytes, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0L);
            if (at == FAILED) throw refused("mmap of pages for code", bytes, state);
            return at;
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    @Override
    public void makeExecutable(long address, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) Calls.MPROTECT.invokeExact(state, address, bytes, READ | EXECUTE);
            if (result != 0) throw refused("mprotect of pages to executable", bytes, state);
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    @Override
    public void unmap(long address, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) Calls.MUNMAP.invokeExact(state, address, bytes);
            if (result != 0) throw refused("munmap of pages of code", bytes, state);
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    private static MachineCodeException refused(String what, long bytes, MemorySegment state) {
        return new MachineCodeException(what + " was refused: bytes=" + bytes, state.get(JAVA_INT, ERRNO));
    }

    private static RuntimeException rethrown(Throwable t) {
        if (t instanceof RuntimeException e) return e;
        if (t instanceof Error e) throw e;
        return new IllegalStateException(t); // a downcall throws nothing checked
    }
}
