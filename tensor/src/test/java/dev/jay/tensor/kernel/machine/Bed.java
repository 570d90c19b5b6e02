// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.MatMulKernel;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/**
 * Everything one multiplication needs, each piece at the very end of its own pages with nothing mapped after them.
 */
final class Bed implements AutoCloseable {
    final WeightFormat format;
    final MatMulKernel kernel;
    final int rows;
    final int cols;
    final int n;
    final MemorySegment w;
    final MemorySegment x;
    final MemorySegment y;
    private final EndPages pages = new EndPages();

    Bed(WeightFormat format, MatMulKernel kernel, int rows, int cols, int n) {
        this.format = format;
        this.kernel = kernel;
        this.rows = rows;
        this.cols = cols;
        this.n = n;
        this.w = atEnd(rows * format.bytesFor(cols), 1);
        this.x = atEnd(4L * n * cols, 4);
        this.y = atEnd(4L * n * rows, 4);
    }

    MemorySegment atEnd(long bytes, long alignment) {
        return pages.atEnd(bytes, alignment);
    }

    Bed random(long seed) {
        Random random = new Random(seed);
        MemorySegment floats = MemorySegment.ofArray(new float[rows * cols]);
        for (int i = 0; i < rows * cols; i++) Floats.set(floats, i, (float) random.nextGaussian());
        format.encode(floats, 0, (long) rows * cols, w, 0);
        for (int i = 0; i < n * cols; i++) Floats.set(x, i, (float) random.nextGaussian());
        return this;
    }

    float[] weights() {
        float[] all = new float[rows * cols];
        format.decode(w, 0, all.length, MemorySegment.ofArray(all), 0);
        return all;
    }

    /** y of tokens [from, to), with the rows of w cut where told. */
    float[] run(int from, int to, int... cuts) {
        int count = to - from;
        long packed = x.address() + 4L * from * cols;
        if (kernel.form() != null) {
            MemorySegment room = atEnd(kernel.form().bytes(count, cols), 64);
            kernel.form().pack(packed, count, cols, 0, count, room.address());
            packed = room.address();
        }
        MemorySegment scratch = atEnd(kernel.scratchBytes(cols, count), 64);
        MemorySegment out = atEnd(4L * count * rows, 4);
        int row = 0;
        for (int i = 0; i <= cuts.length; i++) {
            int end = i < cuts.length ? cuts[i] : rows;
            kernel.run(
                    w.address(),
                    format.bytesFor(cols),
                    cols,
                    row,
                    end,
                    packed,
                    count,
                    out.address(),
                    rows,
                    scratch.address());
            row = end;
        }
        float[] result = new float[count * rows];
        for (int i = 0; i < result.length; i++) result[i] = Floats.get(out, i);
        return result;
    }

    @Override
    public void close() {
        pages.close();
    }
}
