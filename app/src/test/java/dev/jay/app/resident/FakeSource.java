// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.resident;

import dev.jay.engine.Model;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Models of so many bytes, of books that a test can look into, and with nothing to say. */
final class FakeSource implements ModelSource {
    private final String name;
    private final long bytes;
    private final long toTell;
    private final Memory machine;
    private Region taken;
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    volatile IOException broken;
    volatile CountDownLatch slow; // opening waits for it

    /** @param toTell free bytes without which it cannot say what it needs */
    FakeSource(String name, long bytes, long toTell, Memory machine) {
        this.name = name;
        this.bytes = bytes;
        this.toTell = toTell;
        this.machine = machine;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public OptionalLong neededBytes(long free, long all) {
        return free < toTell ? OptionalLong.empty() : OptionalLong.of(bytes);
    }

    @Override
    public Model open(long budgetBytes) throws IOException {
        if (budgetBytes < bytes) throw new AssertionError("granted " + budgetBytes + " of " + bytes);
        try {
            CountDownLatch wait = slow;
            if (wait != null) wait.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (broken != null) throw broken;
        taken = machine.reserve(name, bytes); // fails where all of them hold more than there is
        opened.incrementAndGet();
        return (Model) Proxy.newProxyInstance(Model.class.getClassLoader(), new Class<?>[] {Model.class}, (_, _, _) -> {
            throw new UnsupportedOperationException("a fake says nothing");
        });
    }

    @Override
    public void close(Model model) {
        taken.close();
        closed.incrementAndGet();
    }

    @Override
    public ModelFacts facts() {
        throw new UnsupportedOperationException("a fake has no file");
    }

    @Override
    public Instant modified() {
        return Instant.EPOCH;
    }
}
