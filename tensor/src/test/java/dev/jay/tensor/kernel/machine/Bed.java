// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.CodePages;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.MatMulKernel;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Everything one multiplication needs, each piece at the very end of its own pages with nothing mapped after them: a
 * read or write past the end ends the JVM.
 */
final class Bed implements AutoCloseable {
    private record Pages(long address, long bytes) {}

    private static final CodePages SYSTEM = CodePages.ofThisSystem();

    final WeightFormat format;
    final MatMulKernel kernel;
    final int rows;
    final int cols;
    final int n;
    final MemorySegment w;
    final MemorySegment x;
    final MemorySegment y;
    private final List<Pages> pages = new ArrayList<>();

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

    /** Bytes that end where a mapping ends, or as near to it as the alignment lets them. */
    MemorySegment atEnd(long bytes, long alignment) {
        long page = SYSTEM.pageBytes();
        long room = Math.ceilDiv(Math.max(bytes, 1), page) * page;
        long address = SYSTEM.map(room + page);
        SYSTEM.unmap(address + room, page);
        pages.add(new Pages(address, room));
        return MemorySegment.ofAddress((address + room - bytes) / alignment * alignment)
                .reinterpret(bytes);
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
        for (Pages p : pages) SYSTEM.unmap(p.address, p.bytes);
    }
}
