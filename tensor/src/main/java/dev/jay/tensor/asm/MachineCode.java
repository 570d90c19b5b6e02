// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * Functions in machine code, in one run of pages (purpose {@code machine-code}). A page is written while it cannot be
 * executed, then made executable and never written again. Owns its pages: after {@link #close} its functions are gone.
 * Loading is thread-safe; so is calling, from any thread.
 */
public final class MachineCode implements AutoCloseable {
    public static final String PURPOSE = "machine-code";

    private static final ValueLayout L = ValueLayout.JAVA_LONG;
    private static final MethodHandle CALL =
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(L, L, L, L, L, L, L));
    private static final MethodHandle CALL_BRIEFLY =
            Linker.nativeLinker().downcallHandle(FunctionDescriptor.ofVoid(L), Linker.Option.critical(false));

    private final CodePages pages;
    private final Region region;
    private long used;
    private boolean open = true;

    private MachineCode(CodePages pages, Region region) {
        this.pages = pages;
        this.region = region;
    }

    /** Links what calls functions, unless that was done. */
    public static void linkAhead() {
        Objects.requireNonNull(CALL_BRIEFLY); // the class is ready now, and both with it
    }

    /**
     * Pages for functions.
     *
     * @param bytes for all functions, each rounded up to whole pages
     * @throws MachineCodeException if the system has no such pages
     */
    public static MachineCode reserve(Memory memory, long bytes, CodePages pages) {
        long size = Math.ceilDiv(bytes, pages.pageBytes()) * pages.pageBytes();
        long address = pages.map(size);
        Arena arena = Arena.ofShared();
        MemorySegment segment =
                MemorySegment.ofAddress(address).reinterpret(size, arena, s -> pages.unmap(s.address(), size));
        try {
            return new MachineCode(pages, memory.adopt(PURPOSE, arena, segment));
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Copies code to fresh pages and makes them executable. The code takes up to six arguments, addresses or whole
     * numbers, as the C convention of the machine passes them, and may return one.
     *
     * @throws MachineCodeException if the system refuses to execute them, or no page is left
     */
    public synchronized Function load(String name, byte[] code) {
        if (!open) throw new IllegalStateException("machine code was closed: function=" + name);
        long size = Math.ceilDiv(code.length, pages.pageBytes()) * pages.pageBytes();
        if (size > region.size() - used) {
            throw new MachineCodeException(
                    "no page left for code: function=" + name + ", wanted=" + size + ", reserved=" + region.size()
                            + ", used=" + used,
                    0);
        }
        long address = region.bytes().address() + used;
        MemorySegment.copy(code, 0, region.bytes(), ValueLayout.JAVA_BYTE, used, code.length);
        used += size; // even if refused: a page in doubt is not used again
        pages.makeExecutable(address, size);
        pages.loaded(name, address, code.length);
        return new Function(this, name, MemorySegment.ofAddress(address));
    }

    /** No function of it may be running. */
    @Override
    public synchronized void close() {
        open = false;
        region.close();
    }

    /** One function. Borrows its code; calling it after the code was closed is an error, not a crash. */
    public static final class Function {
        private final MachineCode owner;
        private final String name;
        private final MemorySegment entry;

        private Function(MachineCode owner, String name, MemorySegment entry) {
            this.owner = owner;
            this.name = name;
            this.entry = entry;
        }

        public String name() {
            return name;
        }

        public long address() {
            return entry.address();
        }

        /** Runs it; the JVM may stop for a collection meanwhile. */
        public void call(long argument) {
            call(argument, 0, 0, 0, 0, 0);
        }

        /** As {@link #call(long)}, with what it returns; meaningless if it returns nothing. */
        public long call(long a, long b, long c, long d, long e, long f) {
            checkOpen();
            try {
                return (long) CALL.invokeExact(entry, a, b, c, d, e, f);
            } catch (Throwable t) {
                throw new IllegalStateException(t); // machine code throws nothing
            }
        }

        /** Runs it, faster to enter; collections wait for it, so for some microseconds of work at most. */
        public void callBriefly(long argument) {
            checkOpen();
            try {
                CALL_BRIEFLY.invokeExact(entry, argument);
            } catch (Throwable t) {
                throw new IllegalStateException(t); // machine code throws nothing
            }
        }

        private void checkOpen() {
            if (!owner.open) throw new IllegalStateException("machine code was closed: function=" + name);
        }
    }
}
