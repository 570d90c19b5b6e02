// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

/** One kind of kernel, measured over its formats and shapes, by each team. A member of {@link Measurements#ALL}. */
interface Measurement {
    void run(Bed bed);
}
