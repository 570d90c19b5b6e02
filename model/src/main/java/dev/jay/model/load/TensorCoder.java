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
    private final int room; // weights that a slice may have
    private final Region floats; // [worker][room] f32
    private final Region coded; // [slice of the round] at most as large as floats

    TensorCoder(Memory memory, Workers workers) {
        this(memory, workers, 0);
    }

    /** @param longestRow of tensors that are coded by the importance of their columns: row by row */
    TensorCoder(Memory memory, Workers workers, int longestRow) {
        this.workers = workers;
        this.room = Math.max(SLICE, longestRow);
        long slice = (long) room * Float.BYTES;
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
        write(sink, format, weights, rows, null, progress);
    }

    /** @param importance of the tensor's columns; null: unknown */
    void write(
            GgufWriter.Sink sink,
            WeightFormat format,
            long weights,
            Rows rows,
            Importance importance,
            Progress progress)
            throws IOException {
        int size = importance == null ? SLICE : Math.max(1, SLICE / importance.cols()) * importance.cols();
        long sliceBytes = format.bytesFor(size);
        int round = workers.count() * SLICES_PER_WORKER;
        for (long first = 0; first < weights; first += (long) round * size) {
            long from = first;
            long count = Math.min(weights - first, (long) round * size);
            workers.run((int) ((count + size - 1) / size), (slice, worker) -> {
                long at = (long) slice * size;
                int here = (int) Math.min(size, count - at);
                MemorySegment x = floats.bytes().asSlice((long) worker * room * Float.BYTES, (long) here * Float.BYTES);
                rows.read(from + at, here, x);
                if (importance == null) {
                    format.encode(x, 0, here, coded.bytes(), slice * sliceBytes);
                } else {
                    int cols = importance.cols();
                    importance.encode(format, x, (from + at) / cols, here / cols, coded.bytes(), slice * sliceBytes);
                }
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
