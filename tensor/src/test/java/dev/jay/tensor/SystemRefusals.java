// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.KernelProvider;
import dev.jay.tensor.kernel.machine.X86Provider;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Has Linux refuse this process, and all that it starts, something for good: a filter of system calls (seccomp), which
 * needs no privilege. {@code -Djay.refuse=executable-pages} has it refused to every test of a run.
 */
public final class SystemRefusals {
    /** What can be refused: a system call of x86-64 where an argument is this. */
    public enum What {
        /**
         * mprotect to readable and executable, with EACCES, as a hardened system answers. A JVM maps its own code, but when
         * it starts it tries whether a page may become writable and executable at once: that is left to it.
         */
        EXECUTABLE_PAGES(10, 2, 1 | 4, 13),
        /** arch_prctl's request for the tiles of AMX, with EINVAL, as a kernel without them answers. */
        TILES(158, 0, 0x1023, 22);

        private final int call;
        private final int argument;
        private final int value;
        private final int errno;

        What(int call, int argument, int value, int errno) {
            this.call = call;
            this.argument = argument;
            this.value = value;
            this.errno = errno;
        }

        /** As it is written in a property. */
        public static What of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
        }
    }

    private static final int BPF_LOAD = 0x20;
    private static final int BPF_EQUAL = 0x15;
    private static final int BPF_RETURN = 0x06;
    private static final int CALL_AT = 0; // in what a filter is given
    private static final int ARCHITECTURE_AT = 4;
    private static final int ARGUMENTS_AT = 16;
    private static final int X86_64 = 0xC000003E;
    private static final int ALLOW = 0x7FFF0000;
    private static final int ERROR = 0x00050000;

    private static final long PRCTL = 157;
    private static final long NO_NEW_PRIVILEGES = 38;
    private static final long SECCOMP = 317;
    private static final long ALL_THREADS = 1;

    private static final String PROPERTY = "jay.refuse";

    private static boolean isDone;

    private SystemRefusals() {}

    /** What this run of tests is to be refused; called before every test class. */
    public static void asAsked() {
        synchronized (SystemRefusals.class) {
            if (!isDone) for (What what : What.values()) if (has(what)) refuse(what);
            isDone = true;
        }
    }

    /** Whether all tests of this run are refused it. */
    public static boolean has(What what) {
        return Stream.of(System.getProperty(PROPERTY, "").split(","))
                .anyMatch(name -> !name.isEmpty() && What.of(name) == what);
    }

    /** Whether a provider can run in this run of tests. */
    public static boolean runs(KernelProvider provider, Cpu cpu) {
        boolean refused = has(What.EXECUTABLE_PAGES) && provider instanceof X86Provider;
        return !refused && provider.unavailable(cpu).isEmpty();
    }

    /** From now on, until the process ends. */
    public static void refuse(What what) {
        Linker linker = Linker.nativeLinker();
        MethodHandle call = linker.downcallHandle(
                linker.defaultLookup().find("syscall").orElseThrow(),
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.firstVariadicArg(1));
        try (Arena arena = Arena.ofConfined()) {
            long filter = filter(arena, what);
            long promised = (long) call.invokeExact(PRCTL, NO_NEW_PRIVILEGES, 1L, 0L, 0L);
            long set = (long) call.invokeExact(SECCOMP, 1L, ALL_THREADS, filter, 0L);
            if (promised != 0 || set != 0) throw new AssertionError("the system takes no filter of system calls");
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t); // a system call throws nothing
        }
    }

    private static long filter(Arena arena, What what) {
        int[][] program = { // code, jump if so, jump if not, operand
            {BPF_LOAD, 0, 0, ARCHITECTURE_AT},
            {BPF_EQUAL, 0, 5, X86_64},
            {BPF_LOAD, 0, 0, CALL_AT},
            {BPF_EQUAL, 0, 3, what.call},
            {BPF_LOAD, 0, 0, ARGUMENTS_AT + 8 * what.argument},
            {BPF_EQUAL, 0, 1, what.value},
            {BPF_RETURN, 0, 0, ERROR | what.errno},
            {BPF_RETURN, 0, 0, ALLOW},
        };
        MemorySegment code = arena.allocate(8L * program.length, 8);
        for (int i = 0; i < program.length; i++) {
            code.set(JAVA_SHORT, 8L * i, (short) program[i][0]);
            code.set(JAVA_BYTE, 8L * i + 2, (byte) program[i][1]);
            code.set(JAVA_BYTE, 8L * i + 3, (byte) program[i][2]);
            code.set(JAVA_INT, 8L * i + 4, program[i][3]);
        }
        MemorySegment whole = arena.allocate(16, 8);
        whole.set(JAVA_SHORT, 0, (short) program.length);
        whole.set(ADDRESS, 8, code);
        return whole.address();
    }
}
