// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

import dev.jay.tensor.kernel.Ops;

/** Cuts values into ranges, always the same, and spreads them over the compute threads. */
final class Ranges {
    static final int SIZE = 1 << 16;

    private Ranges() {}

    interface Work {
        void run(long from, int count);
    }

    static int count(long values) {
        return (int) Math.ceilDiv(values, (long) SIZE);
    }

    static void forEach(Ops ops, long values, Work work) {
        ops.forEach(count(values), (chunk, worker) -> {
            long from = (long) chunk * SIZE;
            work.run(from, (int) Math.min(SIZE, values - from));
        });
    }
}
