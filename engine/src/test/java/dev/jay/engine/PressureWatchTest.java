// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PressureWatchTest {
    private final AtomicLong now = new AtomicLong();
    private final BlockingQueue<Thread> readers = new LinkedBlockingQueue<>();
    private volatile Pressure pressure = Pressure.NONE;
    private final PressureWatch watch = new PressureWatch(this::read, now::get);

    private Pressure read() {
        readers.add(Thread.currentThread());
        return pressure;
    }

    private Thread reader() throws InterruptedException {
        return readers.poll(20, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() {
        watch.close();
    }

    @Test
    void shouldHaveReadOnAnotherThreadWhenItIsAskedAgain() throws InterruptedException {
        assertThat(watch.get()).isEqualTo(Pressure.NONE);
        assertThat(reader()).isSameAs(Thread.currentThread());
        for (Pressure next : new Pressure[] {Pressure.SHORT, Pressure.CRITICAL, Pressure.NONE}) {
            pressure = next;
            now.addAndGet(PressureWatch.AFTER_NANOS);
            assertThat(reader()).isNotNull().isNotSameAs(Thread.currentThread());
            awaitTold(next);
        }
    }

    /** The reading is there a moment after the reader was. */
    private void awaitTold(Pressure wanted) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (watch.get() != wanted && System.nanoTime() < end) Thread.onSpinWait();
        assertThat(watch.get()).isEqualTo(wanted);
        assertThat(readers).isEmpty();
    }

    @Test
    void shouldReadAnewWhatIsOld() throws InterruptedException {
        watch.get();
        reader();
        now.addAndGet(PressureWatch.AFTER_NANOS);
        reader();
        pressure = Pressure.CRITICAL;
        now.addAndGet(PressureWatch.OLD_NANOS);
        assertThat(watch.get()).isEqualTo(Pressure.CRITICAL);
        assertThat(reader()).isSameAs(Thread.currentThread());
    }

    @Test
    void shouldReadNothingMoreWhenNobodyAsks() throws InterruptedException {
        watch.get();
        reader();
        now.addAndGet(PressureWatch.AFTER_NANOS);
        Thread other = reader();
        now.addAndGet(100 * PressureWatch.AFTER_NANOS);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (other.getState() != Thread.State.WAITING && System.nanoTime() < end) Thread.onSpinWait();
        assertThat(other.getState()).isEqualTo(Thread.State.WAITING);
        assertThat(readers).isEmpty();
    }
}
