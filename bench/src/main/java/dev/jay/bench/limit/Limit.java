// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.limit;

/**
 * Something the machine cannot do faster, as a piece of work to be timed beside what it bounds.
 *
 * @param unit   of the rate, per second: {@code GB/s} or {@code GFLOP/s}
 * @param amount what one run does, in 1e9 bytes or operations
 * @param work   one run
 */
public record Limit(String unit, double amount, Runnable work) {}
