// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.bench.limit.Limits;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Workers;

/** Some threads, the operations spread over them, and what they can do at most. Owns threads and operations. */
record Team(Workers workers, CpuOps ops, Limits limits) implements AutoCloseable {
    int threads() {
        return workers.count();
    }

    @Override
    public void close() {
        ops.close();
        workers.close();
    }
}
