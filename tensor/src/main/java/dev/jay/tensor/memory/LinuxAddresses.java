// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** mmap without a reservation of swap, madvise and munmap, with Linux's constants. */
final class LinuxAddresses implements Addresses {
    private static final int READ_WRITE = 1 | 2;
    private static final int PRIVATE_ANONYMOUS_NORESERVE = 2 | 0x20 | 0x4000;
    private static final int DONTNEED = 4;
    private static final int HUGEPAGE = 14;
    private static final int NOHUGEPAGE = 15;
    private static final long FAILED = -1;

    private final LibraryCall mmap = LibraryCall.find("mmap").orElseThrow();
    private final LibraryCall munmap = LibraryCall.find("munmap").orElseThrow();
    private final LibraryCall madvise = LibraryCall.find("madvise").orElseThrow();

    @Override
    public MemorySegment map(long bytes, Arena arena) {
        if (bytes == 0) return MemorySegment.NULL.reinterpret(0, arena, null);
        long at = mapped(bytes);
        return MemorySegment.ofAddress(at).reinterpret(bytes, arena, whole -> unmap(whole.address(), bytes));
    }

    private long mapped(long bytes) {
        LibraryCall.Result at = mmap.call(0, bytes, READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
        if (at.value() == FAILED) throw new OutOfMemoryError("mmap of " + bytes + " bytes: errno=" + at.errno());
        return at.value();
    }

    private void unmap(long address, long bytes) {
        LibraryCall.Result done = munmap.call(address, bytes, 0);
        if (done.narrow() != 0) throw new IllegalStateException("munmap: bytes=" + bytes + ", errno=" + done.errno());
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
        LibraryCall.Result done = madvise.call(pages.address(), pages.byteSize(), advice);
        return done.narrow() == 0 ? 0 : done.errno();
    }
}
