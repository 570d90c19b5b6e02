// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** Root mean square norm with a gain. */
public record RmsNorm(Ops ops, Vector gain, float eps) implements Norm {
    @Override
    public void run(MemorySegment x, MemorySegment out, int rows) {
        ops.rmsNorm(x, gain.f32(), eps, out, rows, gain.row().cols());
    }
}
