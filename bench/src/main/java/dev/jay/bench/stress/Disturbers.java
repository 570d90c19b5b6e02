// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import static java.lang.classfile.ClassFile.ACC_PUBLIC;

import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntUnaryOperator;
import jdk.jfr.Recording;

/**
 * What a JVM does beside running code: collections, recordings that sample every thread (by signal, where it can),
 * thread dumps and the safepoints they need, classes that come and unmake what was compiled.
 */
final class Disturbers {
    private static final long COLLECTION_MILLIS = 300;
    private static final long DUMP_MILLIS = 20;
    private static final long RECORDING_MILLIS = 3000;
    private static final int KEPT = 4000; // arrays, before they are let go
    private static final int OPERATORS = 4; // classes in one round: what was compiled for fewer is thrown away
    private static final ClassDesc OPERATOR = ClassDesc.of(IntUnaryOperator.class.getName());
    private static final MethodTypeDesc OF_INT = MethodTypeDesc.of(ConstantDescs.CD_int, ConstantDescs.CD_int);

    private final Runnable call;
    private final BooleanSupplier goOn;
    private final LongAdder dumps = new LongAdder();
    private final LongAdder recordings = new LongAdder();
    private final LongAdder classes = new LongAdder();
    private final LongAdder arrays = new LongAdder();
    private final LongAdder sums = new LongAdder();

    /** @param call a kernel's, made in the midst of code that is about to be unmade */
    Disturbers(Runnable call, BooleanSupplier goOn) {
        this.call = call;
        this.goOn = goOn;
    }

    List<Runnable> all() {
        return List.of(this::garbage, this::collections, this::threadDumps, this::record, this::newClasses);
    }

    private void garbage() {
        List<byte[]> kept = new ArrayList<>();
        while (goOn.getAsBoolean()) {
            kept.add(new byte[ThreadLocalRandom.current().nextInt(20_000)]);
            if (kept.size() > KEPT) kept.clear();
            arrays.increment();
            if (arrays.sum() % 64 == 0) pause(1);
        }
    }

    private void collections() {
        while (goOn.getAsBoolean()) {
            System.gc();
            pause(COLLECTION_MILLIS);
        }
    }

    private void threadDumps() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        while (goOn.getAsBoolean()) {
            threads.dumpAllThreads(true, true);
            dumps.increment();
            pause(DUMP_MILLIS);
        }
    }

    private void record() {
        while (goOn.getAsBoolean()) {
            try (Recording recording = new Recording()) {
                recording.enable("jdk.CPUTimeSample").with("throttle", "5ms");
                recording.enable("jdk.ExecutionSample").with("period", "10 ms");
                recording.enable("jdk.NativeMethodSample").with("period", "10 ms");
                recording.enable("jdk.ObjectAllocationSample");
                recording.start();
                for (long t = 0; t < RECORDING_MILLIS && goOn.getAsBoolean(); t += 50) pause(50);
                recording.stop();
            }
            recordings.increment();
        }
    }

    private void newClasses() {
        int round = 0;
        while (goOn.getAsBoolean()) {
            IntUnaryOperator[] operators = new IntUnaryOperator[1 + round % OPERATORS];
            for (int i = 0; i < operators.length; i++) operators[i] = operator(round + i);
            int sum = 0;
            for (int i = 0; i < 3000; i++) {
                sum = operators[i % operators.length].applyAsInt(sum);
                if (i % 64 == 0) call.run();
            }
            sums.add(sum);
            round++;
        }
    }

    /** An instance of a class that was not there before. */
    private IntUnaryOperator operator(int more) {
        String here = Disturbers.class.getPackageName();
        byte[] bytes = ClassFile.of()
                .build(
                        ClassDesc.of(here, "Operator"),
                        c -> c.withInterfaceSymbols(OPERATOR)
                                .withFlags(ACC_PUBLIC)
                                .withMethodBody(
                                        ConstantDescs.INIT_NAME,
                                        ConstantDescs.MTD_void,
                                        ACC_PUBLIC,
                                        m -> m.aload(0)
                                                .invokespecial(
                                                        ConstantDescs.CD_Object,
                                                        ConstantDescs.INIT_NAME,
                                                        ConstantDescs.MTD_void)
                                                .return_())
                                .withMethodBody(
                                        "applyAsInt",
                                        OF_INT,
                                        ACC_PUBLIC,
                                        m -> m.iload(1)
                                                .loadConstant(more)
                                                .iadd()
                                                .ireturn()));
        try {
            Class<?> made =
                    MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass();
            classes.increment();
            return (IntUnaryOperator) made.getDeclaredConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a class made on the fly does not start", e);
        }
    }

    private static void pause(long millis) {
        LockSupport.parkNanos(millis * 1_000_000);
    }

    String report() {
        long collections = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
        return "collections=" + collections + ", thread dumps=" + dumps.sum() + ", recordings=" + recordings.sum()
                + ", new classes=" + classes.sum();
    }
}
