// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/** Mean 0 and variance 1, then a gain and a bias. */
public record LayerNorm(Ops ops, Vector gain, Vector bias, float eps) implements Norm {
    @Override
    public void run(MemorySegment x, MemorySegment out, int rows) {
        ops.layerNorm(x, gain.f32(), bias.f32(), eps, out, rows, gain.row().cols());
    }
}
