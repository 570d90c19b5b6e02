// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.block;

import static dev.jay.tensor.memory.Scratch.sizeOf;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.model.Block;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.tensor.format.Matrix;
import dev.jay.tensor.kernel.Ops;
import java.lang.foreign.MemorySegment;

/**
 * What an encoder does to its embeddings: x = norm(x + kind + place).
 *
 * @param kinds  a row for each kind of text, of which the first is taken; null for none
 * @param places a row for each position; null for none
 */
public record PlacesBlock(Ops ops, ModelSpec spec, Matrix kinds, Matrix places, Norm norm) implements Block {
    @Override
    public void run(Pass pass, MemorySegment x) {
        long mark = pass.scratch().mark();
        long rowBytes = 4L * spec.dim();
        MemorySegment rows = pass.floats(spec.dim());
        if (kinds != null) {
            kinds.decodeRow(0, rows, 0);
            ops.addBias(x, rows, pass.rows(), spec.dim());
        }
        if (places != null) {
            for (Span span : pass.spans()) {
                for (int t = 0; t < span.count(); t++) {
                    places.decodeRow(span.position() + t, rows, (span.row() + t) * rowBytes);
                }
            }
            ops.add(x, rows, (long) pass.rows() * spec.dim());
        }
        norm.run(x, x, pass.rows());
        pass.scratch().release(mark);
    }

    @Override
    public long scratchBytes(int n) {
        return sizeOf(4L * n * spec.dim());
    }
}
