// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** mmap without a reservation of swap, madvise and munmap, with Linux's constants. */
final class LinuxAddresses implements Addresses {
    private static final int READ_WRITE = 1 | 2;
    private static final int PRIVATE_ANONYMOUS_NORESERVE = 2 | 0x20 | 0x4000;
    private static final int DONTNEED = 4;
    private static final int HUGEPAGE = 14;
    private static final int NOHUGEPAGE = 15;
    private static final long FAILED = -1;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private final MethodHandle mmap = handle(
            "mmap", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private final MethodHandle munmap = handle("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private final MethodHandle madvise =
            handle("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

    private static MethodHandle handle(String name, FunctionDescriptor type) {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup().findOrThrow(name);
        return linker.downcallHandle(symbol, type, Linker.Option.captureCallState("errno"));
    }

    @Override
    public MemorySegment map(long bytes, Arena arena) {
        if (bytes == 0) return MemorySegment.NULL.reinterpret(0, arena, null);
        long at = mapped(bytes);
        return MemorySegment.ofAddress(at).reinterpret(bytes, arena, whole -> unmap(whole.address(), bytes));
    }

    private long mapped(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long at = (long) mmap.invokeExact(state, 0L, bytes, READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
            if (at == FAILED) throw new OutOfMemoryError("mmap of " + bytes + " bytes: errno=" + errno(state));
            return at;
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    private void unmap(long address, long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) munmap.invokeExact(state, address, bytes);
            if (result != 0) throw new IllegalStateException("munmap: bytes=" + bytes + ", errno=" + errno(state));
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    @Override
    public boolean isLate() {
        return true;
    }

    @Override
    public void giveBack(MemorySegment pages) {
        int errno = advise(pages, DONTNEED);
        if (errno != 0) {
            throw new IllegalStateException(
                    "memory cannot be given back: bytes=" + pages.byteSize() + ", errno=" + errno);
        }
    }

    @Override
    public void adviseHuge(MemorySegment pages, boolean huge) {
        int unused = advise(pages, huge ? HUGEPAGE : NOHUGEPAGE); // a kernel built without them refuses
    }

    private int advise(MemorySegment pages, int advice) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int result = (int) madvise.invokeExact(state, pages.address(), pages.byteSize(), advice);
            return result == 0 ? 0 : errno(state);
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    private static int errno(MemorySegment state) {
        return state.get(JAVA_INT, ERRNO);
    }

    private static RuntimeException rethrown(Throwable t) {
        if (t instanceof RuntimeException e) return e;
        if (t instanceof Error e) throw e;
        return new IllegalStateException(t); // a downcall throws nothing checked
    }
}
