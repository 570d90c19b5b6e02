// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import dev.jay.tensor.kernel.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Threads of every kind that call kernels until told to stop. */
final class Callers {
    private static final int LASTING = 4;
    private static final int VIRTUAL = 200; // at once
    private static final int BRIEF = 16; // at once
    private static final int CHUNKS = 64;

    private final StressCalls calls;
    private final BooleanSupplier goOn;
    private final LongAdder virtual = new LongAdder();
    private final LongAdder brief = new LongAdder();
    private final LongAdder chunks = new LongAdder();

    Callers(StressCalls calls, BooleanSupplier goOn) {
        this.calls = calls;
        this.goOn = goOn;
    }

    /** Everything that is to run, each on a thread of its own. */
    List<Runnable> all() {
        List<Runnable> all = new ArrayList<>();
        for (int i = 0; i < LASTING; i++) all.add(this::lasting);
        all.add(this::virtualThreads);
        all.add(this::briefThreads);
        all.add(this::computeThreads);
        return all;
    }

    private void lasting() {
        while (goOn.getAsBoolean()) calls.once();
    }

    private void virtualThreads() {
        while (goOn.getAsBoolean()) {
            try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < VIRTUAL; i++) {
                    each.execute(() -> {
                        calls.once();
                        LockSupport.parkNanos(1); // leaves its carrier
                        calls.once();
                        virtual.add(2);
                    });
                }
            }
        }
    }

    private void briefThreads() {
        while (goOn.getAsBoolean()) {
            List<Thread> some = new ArrayList<>();
            for (int i = 0; i < BRIEF; i++) {
                some.add(Thread.ofPlatform().name("jay-stress-brief").start(() -> {
                    calls.once();
                    brief.increment();
                }));
            }
            for (Thread t : some) {
                try {
                    t.join();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private void computeThreads() {
        try (Workers workers = Workers.of(3)) {
            while (goOn.getAsBoolean()) {
                workers.run(CHUNKS, (chunk, worker) -> calls.once());
                chunks.add(CHUNKS);
            }
        }
    }

    String report() {
        return "calls=" + calls.calls() + ", of virtual threads=" + virtual.sum() + ", of threads of one call="
                + brief.sum() + ", of compute threads=" + chunks.sum() + ", wrong results=" + calls.wrong();
    }
}
