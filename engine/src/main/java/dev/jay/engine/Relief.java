// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Gives memory back where the system runs short of it, before the kernel takes it, or where somebody asks. Confined to the
 * engine thread, but for the asking.
 */
final class Relief {
    private static final long LOOK_NANOS = 250_000_000;
    private static final int SHED_PART = 4; // of the idle prefixes, at a look while memory is short

    private final Supplier<Pressure> pressure;
    private final Runnable waker;
    private Pressure now = Pressure.NONE;
    private boolean looked;
    private long lookedAt;
    private long shedPages;
    private final Queue<Asked> asked = new ConcurrentLinkedQueue<>();
    private final List<Runnable> toTell = new ArrayList<>();
    private volatile boolean over;

    private record Asked(int pages, CompletableFuture<Integer> done) {}

    /** @param waker called from any thread when somebody asks */
    Relief(Supplier<Pressure> pressure, Runnable waker) {
        this.pressure = pressure;
        this.waker = waker;
    }

    /** @param giveWay called for a sequence that gives back its pages and waits again */
    void look(long time, Prefixes prefixes, List<Sequence> running, Consumer<Sequence> giveWay) {
        for (Asked a; (a = asked.poll()) != null; ) {
            CompletableFuture<Integer> done = a.done;
            int went = prefixes.shed(a.pages);
            toTell.add(() -> done.complete(went));
        }
        if (looked && time - lookedAt < LOOK_NANOS) return;
        looked = true;
        lookedAt = time;
        now = pressure.get();
        if (now == Pressure.NONE) return;
        if (now == Pressure.CRITICAL && running.size() > 1) {
            giveWay.accept(running.stream().max(Sequence.FIRST_TO_STAY_FIRST).orElseThrow());
        }
        int idle = prefixes.idlePages();
        shedPages += prefixes.shed(now == Pressure.CRITICAL ? idle : Math.ceilDiv(idle, SHED_PART));
    }

    /** From any thread: has so many pages of idle prefixes let go at the next look. Says how many were. */
    CompletableFuture<Integer> ask(int pages) {
        Asked a = new Asked(pages, new CompletableFuture<>());
        asked.add(a);
        if (over) letNothingGo(); // what comes now is not seen by a look any more
        waker.run();
        return a.done;
    }

    /** There is no further look. */
    void end() {
        over = true;
        tell();
        letNothingGo();
    }

    private void letNothingGo() {
        for (Asked a; (a = asked.poll()) != null; ) a.done.complete(0);
    }

    /** Tells those who asked: when the engine's status says so too. */
    void tell() {
        toTell.forEach(Runnable::run);
        toTell.clear();
    }

    /** How many may run side by side. One always may: what is inside comes to its end. */
    int mostRunning(int otherwise) {
        return now == Pressure.CRITICAL ? 1 : otherwise;
    }

    Pressure pressure() {
        return now;
    }

    /** Pages of idle prefixes that gave way for it since the start. */
    long shedPages() {
        return shedPages;
    }
}
