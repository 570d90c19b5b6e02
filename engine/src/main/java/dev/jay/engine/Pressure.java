// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.tensor.memory.SystemMemory;

/**
 * How short memory is around the process, whoever uses it. The engine gives back before the kernel takes: what stalls
 * alone never stops an answer, what is about to be killed for does.
 */
public enum Pressure {
    /** Nothing to do. */
    NONE,
    /** Idle prefixes give way, some at every look. */
    SHORT,
    /** All idle prefixes give way, nobody is let in, and of those that run one after another gives way but the oldest. */
    CRITICAL;

    private static final int SHORT_PART = 32; // of a limit
    private static final int CRITICAL_PART = 128;
    private static final long MOST_SHORT_BYTES = 256L << 20;
    private static final double SOME_PERCENT = 10; // of the last ten seconds, somebody waited for memory
    private static final double FULL_PERCENT = 20; // everybody of the group did: it thrashes

    /** What a reading comes to. A limit of its own counts as the machine's memory does. */
    public static Pressure of(SystemMemory.Reading reading) {
        Pressure worst = NONE;
        if (reading.totalBytes() > 0) worst = of(reading.availableBytes(), reading.totalBytes());
        for (SystemMemory.Group group : reading.groups()) {
            worst = worst.or(of(reading.leftBytes(group), group.limitBytes()));
        }
        if (reading.own().full() >= FULL_PERCENT) worst = worst.or(CRITICAL);
        if (Math.max(reading.machine().some(), reading.own().some()) >= SOME_PERCENT) worst = worst.or(SHORT);
        return worst;
    }

    private static Pressure of(long left, long limit) {
        if (left < Math.min(limit / CRITICAL_PART, MOST_SHORT_BYTES / 4)) return CRITICAL;
        return left < Math.min(limit / SHORT_PART, MOST_SHORT_BYTES) ? SHORT : NONE;
    }

    private Pressure or(Pressure other) {
        return compareTo(other) >= 0 ? this : other;
    }
}
