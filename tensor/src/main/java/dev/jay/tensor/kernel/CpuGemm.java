// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * Spreads a product over the compute threads. For a part of k at a time b is packed by all, once; then each chunk, some
 * rows by some columns of c, packs its rows of a and multiplies. A value of c is one thread's, its parts of k in order.
 */
final class CpuGemm implements Gemm {
    private static final int MOST_ROWS = 256; // of a chunk: its packed rows stay in the L2 cache
    private static final int MOST_COLUMNS = 4096; // that are packed at a time
    private static final int PACKED_AT_ONCE = 128; // columns, by one thread

    private final CpuOps ops;
    private final GemmKernel kernel;
    private final long own; // bytes of the kernel's working space; packed rows of a lie after it

    CpuGemm(CpuOps ops, GemmKernel kernel) {
        this.ops = ops;
        this.kernel = kernel;
        this.own = Scratch.sizeOf(kernel.scratchBytes());
    }

    @Override
    public void run(int m, int n, int k, Factor a, Factor b, MemorySegment c, long cStride, boolean add) {
        long from = address("a", a, m, k);
        long by = address("b", b, k, n);
        long to = address("c", new Factor(c, cStride, false), m, n);
        if (m == 0 || n == 0) return;
        if (k == 0) {
            for (int i = 0; i < m && !add; i++)
                c.asSlice(4L * i * cStride, 4L * n).fill((byte) 0);
            return;
        }
        int depth = Math.min(k, kernel.depth());
        Room room = room(m, n, k);
        ops.reserveScratch(room.each());
        long packed = ops.shared(room.shared());
        boolean shared = ops.isWorthSharing((long) m * n * k);
        for (int j = 0; j < n; j += MOST_COLUMNS) {
            int columns = Math.min(MOST_COLUMNS, n - j);
            for (int p = 0; p < k; p += depth) {
                Part part = new Part(m, columns, Math.min(depth, k - p), add || p > 0, packed);
                part.packB(shared, at(b, by, p, j), b);
                part.multiply(shared, at(a, from, 0, p), a, to + 4L * j, cStride);
            }
        }
    }

    @Override
    public Room room(int m, int n, int k) {
        if (m == 0 || n == 0 || k == 0) return Room.NONE;
        int depth = Math.min(k, kernel.depth());
        long each = Scratch.sizeOf(own + kernel.packedBytes(Math.min(m, MOST_ROWS), depth));
        return new Room(each, kernel.packedBytes(Math.min(n, MOST_COLUMNS), depth));
    }

    private static long address(String what, Factor f, int rows, int cols) {
        int count = f.transposed() ? cols : rows;
        int length = f.transposed() ? rows : cols;
        if (rows < 0 || cols < 0 || f.stride() < length) {
            throw new IllegalArgumentException("gemm " + what + ": stride must be at least a row: rows=" + count
                    + ", row=" + length + ", stride=" + f.stride());
        }
        long values = count == 0 || length == 0 ? 0 : (count - 1) * f.stride() + length;
        return CpuOps.address("gemm " + what, f.values(), values * Float.BYTES);
    }

    /** Of value (row, col) of a factor. */
    private static long at(Factor f, long address, int row, int col) {
        return address + 4 * (f.transposed() ? col * f.stride() + row : row * f.stride() + col);
    }

    /** All rows by some columns by a part of k. */
    private final class Part {
        private final int m;
        private final int n;
        private final int k;
        private final boolean add;
        private final long packed;

        Part(int m, int n, int k, boolean add, long packed) {
            this.m = m;
            this.n = n;
            this.k = k;
            this.add = add;
            this.packed = packed;
        }

        void packB(boolean shared, long b, Factor factor) {
            ops.run(shared, Math.ceilDiv(n, PACKED_AT_ONCE), (chunk, worker) -> {
                int j = chunk * PACKED_AT_ONCE;
                long from = b + 4L * j * (factor.transposed() ? factor.stride() : 1);
                long to = packed + kernel.packedBytes(j, k);
                int count = Math.min(PACKED_AT_ONCE, n - j);
                kernel.packB(from, factor.stride(), factor.transposed(), count, k, to, ops.scratchOf(worker));
            });
        }

        void multiply(boolean shared, long a, Factor factor, long c, long cStride) {
            int rows = share(m, Math.min(MOST_ROWS, m), shared);
            int down = Math.ceilDiv(m, rows);
            int columns = down >= ops.workers() || !shared ? n : share(n, n, true);
            int across = Math.ceilDiv(n, columns);
            ops.run(shared, down * across, (chunk, worker) -> {
                int i = chunk / across * rows;
                int j = chunk % across * columns;
                int some = Math.min(rows, m - i);
                long scratch = ops.scratchOf(worker);
                long from = a + 4L * i * (factor.transposed() ? 1 : factor.stride());
                kernel.packA(from, factor.stride(), factor.transposed(), some, k, scratch + own, scratch);
                long by = packed + kernel.packedBytes(j, k);
                long to = c + 4 * (i * cStride + j);
                kernel.multiply(scratch + own, by, some, Math.min(columns, n - j), k, add, to, cStride, scratch);
            });
        }

        /** So many that each worker gets as many shares, of whole groups, none above {@code most}. */
        private int share(int count, int most, boolean shared) {
            int workers = shared ? ops.workers() : 1;
            int shares = Math.ceilDiv(count, most * workers) * workers;
            int each = Math.ceilDiv(count, shares);
            return Math.min(Math.ceilDiv(each, kernel.group()) * kernel.group(), MOST_COLUMNS);
        }
    }
}
