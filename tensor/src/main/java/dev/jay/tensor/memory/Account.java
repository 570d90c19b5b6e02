// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

/** What one purpose holds. Guarded by its {@link Memory}. */
final class Account {
    private long reserved;
    private long committed;
    private long peak;

    void reserve(long bytes) {
        reserved += bytes;
    }

    void commit(long bytes) {
        committed += bytes;
        peak = Math.max(peak, committed);
    }

    boolean isEmpty() {
        return reserved == 0;
    }

    long reserved() {
        return reserved;
    }

    long committed() {
        return committed;
    }

    long peak() {
        return peak;
    }
}
