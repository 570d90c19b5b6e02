// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import dev.jay.tensor.memory.LibraryCall;
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

    /** Found when the first page is wanted. */
    private static final class Calls {
        static final LibraryCall MMAP = found("mmap");
        static final LibraryCall MPROTECT = found("mprotect");
        static final LibraryCall MUNMAP = found("munmap");
    }

    private static LibraryCall found(String name) {
        return LibraryCall.find(name).orElseThrow(() -> new MachineCodeException("the C library has no " + name, 0));
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
        LibraryCall.Result at = Calls.MMAP.call(0, bytes, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0);
        if (at.value() == FAILED) throw refused("mmap of pages for code", bytes, at);
        return at.value();
    }

    @Override
    public void makeExecutable(long address, long bytes) {
        LibraryCall.Result done = Calls.MPROTECT.call(address, bytes, READ | EXECUTE);
        if (done.narrow() != 0) throw refused("mprotect of pages to executable", bytes, done);
    }

    @Override
    public void unmap(long address, long bytes) {
        LibraryCall.Result done = Calls.MUNMAP.call(address, bytes, 0);
        if (done.narrow() != 0) throw refused("munmap of pages of code", bytes, done);
    }

    private static MachineCodeException refused(String what, long bytes, LibraryCall.Result failed) {
        return new MachineCodeException(what + " was refused: bytes=" + bytes, failed.errno());
    }
}
