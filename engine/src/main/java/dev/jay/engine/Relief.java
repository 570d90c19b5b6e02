// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Gives memory back where the system runs short of it, before the kernel takes it. Confined to the engine thread. */
final class Relief {
    private static final long LOOK_NANOS = 250_000_000;
    private static final int SHED_PART = 4; // of the idle prefixes, at a look while memory is short

    private final Supplier<Pressure> pressure;
    private Pressure now = Pressure.NONE;
    private boolean looked;
    private long lookedAt;
    private long shedPages;

    Relief(Supplier<Pressure> pressure) {
        this.pressure = pressure;
    }

    /** @param giveWay called for a sequence that gives back its pages and waits again */
    void look(long time, Prefixes prefixes, List<Sequence> running, Consumer<Sequence> giveWay) {
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
