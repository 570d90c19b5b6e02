// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Codes tensors slice by slice on the compute threads and writes the slices in order. Owns scratch for a few slices,
 * whatever the size of the tensors.
 */
final class TensorCoder implements AutoCloseable {
    /** Weights of a slice: a multiple of every format's block. */
    private static final int SLICE = 1 << 16;

    private static final int SLICES_PER_WORKER = 4;

    /** Where the weights of a tensor come from. Called on any compute thread. */
    interface Rows {
        /** Writes weights {@code [first, first + count)} as floats at the start of {@code floats}. */
        void read(long first, int count, MemorySegment floats);
    }

    /** Told after each round of slices, on the calling thread. */
    interface Progress {
        void wrote(long bytes);
    }

    private final Workers workers;
    private final Region floats; // [worker][SLICE] f32
    private final Region coded; // [slice of the round] at most as large as floats

    TensorCoder(Memory memory, Workers workers) {
        this.workers = workers;
        long slice = (long) SLICE * Float.BYTES;
        this.floats = memory.reserve("coding", workers.count() * slice);
        try {
            this.coded = memory.reserve("coding", (long) workers.count() * SLICES_PER_WORKER * slice);
        } catch (RuntimeException e) {
            floats.close();
            throw e;
        }
    }

    void write(GgufWriter.Sink sink, WeightFormat format, long weights, Rows rows, Progress progress)
            throws IOException {
        long sliceBytes = format.bytesFor(SLICE);
        int round = workers.count() * SLICES_PER_WORKER;
        for (long first = 0; first < weights; first += (long) round * SLICE) {
            long from = first;
            long count = Math.min(weights - first, (long) round * SLICE);
            workers.run((int) ((count + SLICE - 1) / SLICE), (slice, worker) -> {
                long at = (long) slice * SLICE;
                int here = (int) Math.min(SLICE, count - at);
                MemorySegment x =
                        floats.bytes().asSlice((long) worker * SLICE * Float.BYTES, (long) here * Float.BYTES);
                rows.read(from + at, here, x);
                format.encode(x, 0, here, coded.bytes(), slice * sliceBytes);
            });
            MemorySegment done = coded.bytes().asSlice(0, format.bytesFor(count));
            sink.write(done);
            progress.wrote(done.byteSize());
        }
    }

    @Override
    public void close() {
        coded.close();
        floats.close();
    }
}
