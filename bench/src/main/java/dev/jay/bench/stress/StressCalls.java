// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.stress;

import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;

/** Makes the calls and compares every result, bit for bit, with the first one. Thread-safe. Owns the places they run in. */
final class StressCalls implements AutoCloseable {
    private static final int TOLD = 20; // wrong results that are described

    private final List<StressCase> cases;
    private final List<byte[]> wanted = new ArrayList<>();
    private final Region region;
    private final long outBytes;
    private final BlockingQueue<MemorySegment> places;
    private final LongAdder calls = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();

    /** @param most calls at once; more wait for a place */
    StressCalls(List<StressCase> cases, int most, Memory memory) {
        if (cases.isEmpty()) throw new IllegalArgumentException("stress: no kernel to call");
        this.cases = List.copyOf(cases);
        long out = 0;
        long room = 0;
        for (StressCase c : cases) {
            out = Math.max(out, Scratch.sizeOf(c.outBytes()));
            room = Math.max(room, Scratch.sizeOf(c.roomBytes()));
        }
        this.outBytes = out;
        this.region = memory.reserve("stress-places", most * (out + room));
        this.places = new ArrayBlockingQueue<>(most);
        for (int i = 0; i < most; i++) places.add(region.bytes().asSlice(i * (out + room), out + room));
        MemorySegment place = places.peek();
        for (StressCase c : cases) {
            c.call().run(place.address(), place.address() + outBytes);
            wanted.add(place.asSlice(0, c.outBytes()).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** One call of a kernel drawn by lot, by the calling thread. */
    void once() {
        MemorySegment place;
        try {
            place = places.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        try {
            once(ThreadLocalRandom.current().nextInt(cases.size()), place);
        } finally {
            places.add(place);
        }
    }

    private void once(int i, MemorySegment place) {
        StressCase c = cases.get(i);
        MemorySegment out = place.asSlice(0, c.outBytes());
        out.fill((byte) 0x5A); // what a call that did nothing would leave
        c.call().run(place.address(), place.address() + outBytes);
        long at = out.mismatch(MemorySegment.ofArray(wanted.get(i)));
        calls.increment();
        if (at < 0) return;
        wrong.increment();
        if (faults.size() < TOLD) faults.add(c + ": byte " + at + ", thread=" + Thread.currentThread());
    }

    long calls() {
        return calls.sum();
    }

    long wrong() {
        return wrong.sum();
    }

    /** Some of what went wrong, in words. */
    List<String> faults() {
        return List.copyOf(faults);
    }

    /** No call may be running. */
    @Override
    public void close() {
        region.close();
    }
}
