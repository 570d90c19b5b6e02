// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Advice to Linux about the pages that a file's bytes lie in. What a program has just written lies in small pages all
 * over the memory, and a mapping of them is read about a quarter slower than one of large pages, which the kernel makes
 * when it reads a file for a mapping that asked for them. On other systems, or where the kernel declines, nothing
 * happens: it is advice.
 */
public final class PageCache {
    private static final int POSIX_FADV_DONTNEED = 4;
    private static final int O_RDONLY = 0;

    private PageCache() {}

    /** The handles, found when first needed: linking costs some milliseconds. */
    private static final class Calls {
        static final boolean LINUX = Files.exists(Path.of("/proc/self/maps"));
        static final MethodHandle OPEN =
                handle("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
        static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        static final MethodHandle FADVISE =
                handle("posix_fadvise", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

        private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
            Linker linker = Linker.nativeLinker();
            return linker.defaultLookup()
                    .find(name)
                    .map(symbol -> linker.downcallHandle(symbol, type, options))
                    .orElse(null);
        }
    }

    /**
     * Brings what was written to a file to its disk and lets go of the memory it lies in, so that the next mapping reads
     * it into large pages. True if the kernel took the advice.
     *
     * @throws IOException if the file cannot be written to its disk
     */
    public static boolean forget(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(false); // pages not yet written cannot be let go
        }
        if (!Calls.LINUX || Calls.OPEN == null || Calls.FADVISE == null) return false;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(file.toAbsolutePath().toString());
            int descriptor = (int) Calls.OPEN.invokeExact(name, O_RDONLY);
            if (descriptor < 0) return false;
            int advised = (int) Calls.FADVISE.invokeExact(descriptor, 0L, 0L, POSIX_FADV_DONTNEED);
            int closed = (int) Calls.CLOSE.invokeExact(descriptor);
            return advised == 0 && closed == 0;
        } catch (Throwable t) {
            throw rethrown(t);
        }
    }

    private static RuntimeException rethrown(Throwable t) {
        if (t instanceof RuntimeException e) return e;
        if (t instanceof Error e) throw e;
        return new IllegalStateException(t); // a downcall throws nothing checked
    }
}
