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
import java.util.Optional;

/**
 * A function of the C library that takes at most six whole numbers and addresses. To link a shape of arguments takes
 * milliseconds of a start, so all are called in one: a 64-bit system passes each of six such arguments in a register of
 * its own, whatever its width, and a function does not look at those it does not take. Thread-safe.
 */
public final class LibraryCall {
    /**
     * What a call came to.
     *
     * @param value all 64 bits of it: of a function that returns an int the lower half alone means something
     * @param errno meaningful where {@code value} says that the call failed
     */
    public record Result(long value, int errno) {
        /** The value of a function that returns an int. */
        public int narrow() {
            return (int) value;
        }
    }

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SIX = LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));

    private final MemorySegment function;

    private LibraryCall(MemorySegment function) {
        this.function = function;
    }

    /** Empty if the C library has none of this name. */
    public static Optional<LibraryCall> find(String name) {
        return LINKER.defaultLookup().find(name).map(LibraryCall::new);
    }

    /** Calls it; what it does not take is passed as 0. */
    public Result call(long a, long b, long c, long d, long e, long f) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long value = (long) SIX.invokeExact(function, state, a, b, c, d, e, f);
            return new Result(value, state.get(JAVA_INT, ERRNO));
        } catch (RuntimeException | Error t) {
            throw t;
        } catch (Throwable t) {
            throw new IllegalStateException(t); // a downcall throws nothing checked
        }
    }

    public Result call(long a, long b, long c) {
        return call(a, b, c, 0, 0, 0);
    }
}
