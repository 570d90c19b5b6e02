// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import dev.jay.model.Adapter;
import dev.jay.model.load.AdapterSet;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.Gemm;
import dev.jay.tensor.kernel.Gemm.Factor;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.lang.foreign.MemorySegment;

/**
 * Low-rank adapters at work: y += (scale * (x . a')) . b'. In f32, so a row's bits do not depend on its company. Owns room
 * for the middle of some rows (purpose {@code adapter-scratch}); borrows the adapters. Confined to the engine thread.
 */
public final class LoraAdapter implements AutoCloseable {
    private final AdapterSet adapters;
    private final Gemm gemm;
    private final int rows;
    private final Region low;

    /** @param rows that a pass may have; more are taken in turns */
    public LoraAdapter(AdapterSet adapters, Ops ops, int rows, Memory memory) {
        this.adapters = adapters;
        this.gemm = ops.gemm(Precision.F32);
        this.rows = rows;
        this.low = memory.reserve("adapter-scratch", 4L * rows * adapters.rank());
        try {
            warm(memory);
        } catch (RuntimeException e) {
            low.close();
            throw e;
        }
    }

    /** What products work in is taken now, so that a plan made after this counts it. */
    private void warm(Memory memory) {
        long wide = 0;
        for (AdapterSet.Pair p : adapters.parts().values()) wide = Math.max(wide, Math.max(p.rows(), p.cols()));
        try (Region zeros = memory.reserve("adapter-scratch", 4L * rows * wide)) {
            for (AdapterSet.Pair p : adapters.parts().values()) {
                run(p, rows, zeros.bytes(), zeros.bytes(), 1);
                if (p.site().startsWith("blk.1.")) break; // all layers are alike
            }
        }
    }

    /** Equal where it is the same at the same scale. */
    private record Scaled(LoraAdapter lora, float scale) implements Adapter {
        @Override
        public void add(String site, int n, MemorySegment x, MemorySegment y) {
            lora.add(site, n, x, y, scale);
        }
    }

    /** This at a scale; 1 is as it was trained. Borrows it. */
    public Adapter at(float scale) {
        return new Scaled(this, scale);
    }

    private void add(String site, int n, MemorySegment x, MemorySegment y, float scale) {
        AdapterSet.Pair p = adapters.parts().get(site);
        if (p == null) return;
        for (int from = 0; from < n; from += rows) {
            int some = Math.min(rows, n - from);
            run(p, some, x.asSlice(4L * from * p.cols()), y.asSlice(4L * from * p.rows()), scale);
        }
    }

    private void run(AdapterSet.Pair p, int n, MemorySegment x, MemorySegment y, float scale) {
        int rank = p.rank();
        gemm.run(
                n,
                rank,
                p.cols(),
                Factor.of(x, p.cols()),
                Factor.transposed(p.a(), p.cols()),
                low.bytes(),
                rank,
                false);
        if (scale != 1)
            for (int i = 0; i < n * rank; i++) Floats.set(low.bytes(), i, scale * Floats.get(low.bytes(), i));
        Factor middle = Factor.of(low.bytes(), rank);
        gemm.run(n, p.rows(), rank, middle, Factor.transposed(p.b(), rank), y, p.rows(), true);
    }

    @Override
    public void close() {
        low.close();
    }
}
