// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkersTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void shouldRunEveryChunkOnceAndNoWorkerTwiceAtATime(int threads) {
        try (Workers workers = Workers.of(threads)) {
            AtomicIntegerArray busy = new AtomicIntegerArray(threads);
            for (int region = 0; region < 3000; region++) {
                int chunks = region % 17;
                AtomicIntegerArray ran = new AtomicIntegerArray(chunks);
                workers.run(chunks, (chunk, worker) -> {
                    assertThat(busy.incrementAndGet(worker)).isEqualTo(1);
                    ran.incrementAndGet(chunk);
                    busy.decrementAndGet(worker);
                });
                for (int i = 0; i < chunks; i++) assertThat(ran.get(i)).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldWakeWorkersThatHaveParked() throws InterruptedException {
        try (Workers workers = Workers.of(2)) {
            AtomicIntegerArray by = new AtomicIntegerArray(2);
            for (int i = 0; i < 20; i++) {
                Thread.sleep(2);
                AtomicInteger met = new AtomicInteger();
                workers.run(2, (chunk, worker) -> { // each waits for the other, so both must take part
                    by.incrementAndGet(worker);
                    met.incrementAndGet();
                    while (met.get() < 2) Thread.onSpinWait();
                });
            }
            assertThat(by.get(0)).isEqualTo(20);
            assertThat(by.get(1)).isEqualTo(20);
        }
    }

    private static long cpuNanos(String threads) {
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo info : bean.getThreadInfo(bean.getAllThreadIds())) {
            if (info != null && info.getThreadName().startsWith(threads)) {
                sum += Math.max(0, bean.getThreadCpuTime(info.getThreadId()));
            }
        }
        return sum;
    }

    /** Else a model that waits for its next request would heat a machine, and starve its neighbours. */
    @Test
    void shouldTakeNoProcessorTimeWhileThereIsNothingToDo() throws InterruptedException {
        try (Workers workers = Workers.of(4)) {
            workers.run(400, (chunk, worker) -> Thread.onSpinWait());
            Thread.sleep(20);
            long before = cpuNanos("jay-compute-");
            Thread.sleep(200);
            assertThat(cpuNanos("jay-compute-") - before).isLessThan(150_000_000); // of 600 ms, were they to spin
        }
    }

    /** What it waits for may be waiting for its core. */
    @Test
    void shouldTakeNoProcessorTimeWhileOthersWork() {
        try (Workers workers = Workers.of(2)) {
            ThreadMXBean bean = ManagementFactory.getThreadMXBean();
            long before = bean.getCurrentThreadCpuTime();
            for (int i = 0; i < 5; i++) {
                workers.run(2, (chunk, worker) -> {
                    try {
                        if (worker != 0) Thread.sleep(100);
                        else Thread.sleep(5); // so that the other one takes the second chunk
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
            }
            assertThat(bean.getCurrentThreadCpuTime() - before).isLessThan(150_000_000); // of 475 ms, were it to spin
        }
    }

    /** Many more threads than cores: whoever runs takes what is left, and nobody is waited for who has nothing. */
    @Test
    void shouldFinishWithManyMoreThreadsThanCores() {
        int threads = 16 * Runtime.getRuntime().availableProcessors();
        try (Workers workers = Workers.of(threads)) {
            AtomicLong sum = new AtomicLong();
            for (int region = 0; region < 200; region++) workers.run(64, (chunk, worker) -> sum.addAndGet(chunk));
            assertThat(sum.get()).isEqualTo(200 * 63 * 64 / 2);
        }
    }

    @Test
    void shouldRethrowInTheCallerAfterTheRegionAndStayUsable() {
        try (Workers workers = Workers.of(3)) {
            AtomicInteger running = new AtomicInteger();
            for (int bad = 0; bad < 20; bad++) {
                int failing = bad;
                assertThatThrownBy(() -> workers.run(20, (chunk, worker) -> {
                            running.incrementAndGet();
                            try {
                                if (chunk == failing) throw new IllegalArgumentException("chunk " + chunk);
                            } finally {
                                running.decrementAndGet();
                            }
                        }))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("chunk " + bad);
                assertThat(running.get()).isZero();
            }
            AtomicLong sum = new AtomicLong();
            workers.run(100, (chunk, worker) -> sum.addAndGet(chunk));
            assertThat(sum.get()).isEqualTo(4950);
        }
    }

    @Test
    void shouldFinishWhileInterruptedAndKeepTheInterrupt() {
        try (Workers workers = Workers.of(2)) {
            Thread.currentThread().interrupt();
            AtomicInteger ran = new AtomicInteger();
            workers.run(8, (chunk, worker) -> {
                long until = System.nanoTime() + 1_000_000;
                while (System.nanoTime() < until) Thread.onSpinWait();
                ran.incrementAndGet();
            });
            assertThat(ran.get()).isEqualTo(8);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void shouldRejectWhatItCannotRun() {
        assertThatThrownBy(() -> Workers.of(0)).hasMessage("workers: threads=0, allowed 1 to 1024");
        assertThatThrownBy(() -> Workers.of(1025)).hasMessage("workers: threads=1025, allowed 1 to 1024");
        Workers workers = Workers.of(2);
        assertThatThrownBy(() -> workers.run(-1, (c, w) -> {})).hasMessageContaining("chunks=-1");
        assertThatThrownBy(() -> workers.run(2, (c, w) -> workers.run(2, (d, v) -> {})))
                .hasMessageContaining("a region runs already");
        workers.close();
        workers.close();
        assertThatThrownBy(() -> workers.run(2, (c, w) -> {})).hasMessageContaining("after close");
    }

    @Test
    void shouldEndItsThreads() {
        Workers.of(3).close();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().startsWith("jay-compute-") && t.isAlive());
    }
}
