// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * Spreads a product over the compute threads. For a part of k at a time b is packed by all, once; then each chunk, some
 * rows by some columns of c, packs its rows of a and multiplies. Of few rows by very many columns a is what is packed
 * by all, and each chunk packs its columns of b: what is large is read once and stays in the cache of one core, packed.
 * A value of c is one thread's, its parts of k in order.
 */
final class CpuGemm implements Gemm {
    private static final int MOST_OWN = 256; // rows, or columns, of a chunk: packed, they stay in the L2 cache
    private static final int MOST_ROWS = 512; // shared ones that the code goes along at once
    private static final int MOST_SHARED = 4096; // lines that are packed at a time
    private static final int PACKED_AT_ONCE = 128; // of these, by one thread

    private final CpuOps ops;
    private final GemmKernel kernel;
    private final long own; // bytes of the kernel's working space; a chunk's packed lines lie after it

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
        boolean byRows = isByRows(m, n);
        int all = byRows ? n : m; // of the shared factor
        for (int s = 0; s < all; s += MOST_SHARED) {
            int some = Math.min(MOST_SHARED, all - s);
            long c0 = to + 4L * s * (byRows ? 1 : cStride);
            for (int p = 0; p < k; p += depth) {
                int steps = Math.min(depth, k - p);
                Side left = new Side(a, at(a, from, byRows ? 0 : s, p), byRows ? m : some, true);
                Side right = new Side(b, at(b, by, p, byRows ? s : 0), byRows ? some : n, false);
                Part part = new Part(left, right, byRows, steps, add || p > 0, packed);
                part.packShared(shared);
                if (byRows) part.multiplyRows(shared, c0, cStride);
                else part.multiplyColumns(shared, c0, cStride);
            }
        }
    }

    private static boolean isByRows(int m, int n) {
        return m >= n || n <= MOST_SHARED;
    }

    @Override
    public Room room(int m, int n, int k) {
        if (m == 0 || n == 0 || k == 0) return Room.NONE;
        int depth = Math.min(k, kernel.depth());
        int lines = isByRows(m, n) ? Math.min(m, MOST_OWN) : MOST_OWN;
        long each = Scratch.sizeOf(own + kernel.packedBytes(lines, depth));
        return new Room(each, kernel.packedBytes(Math.min(n, MOST_SHARED), depth)); // of fewer columns, too
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

    /** Lines of one factor, of a part of k: rows of a, or columns of b. */
    private final class Side {
        private final Factor factor;
        private final long address;
        private final int lines;
        private final boolean isLeft;

        Side(Factor factor, long address, int lines, boolean isLeft) {
            this.factor = factor;
            this.address = address;
            this.lines = lines;
            this.isLeft = isLeft;
        }

        void pack(int first, int count, int k, long to, long scratch) {
            boolean apart = factor.transposed() != isLeft; // lines are rows in memory
            long from = address + 4L * first * (apart ? factor.stride() : 1);
            if (isLeft) kernel.packA(from, factor.stride(), factor.transposed(), count, k, to, scratch);
            else kernel.packB(from, factor.stride(), factor.transposed(), count, k, to, scratch);
        }
    }

    /** All lines of one factor, those of the other that are shared, and a part of k. */
    private final class Part {
        private final Side left;
        private final Side right;
        private final Side common;
        private final int k;
        private final boolean add;
        private final long packed;

        Part(Side left, Side right, boolean byRows, int k, boolean add, long packed) {
            this.left = left;
            this.right = right;
            this.common = byRows ? right : left;
            this.k = k;
            this.add = add;
            this.packed = packed;
        }

        void packShared(boolean shared) {
            ops.run(shared, Math.ceilDiv(common.lines, PACKED_AT_ONCE), (chunk, worker) -> {
                int first = chunk * PACKED_AT_ONCE;
                int count = Math.min(PACKED_AT_ONCE, common.lines - first);
                common.pack(first, count, k, packed + kernel.packedBytes(first, k), ops.scratchOf(worker));
            });
        }

        void multiplyRows(boolean shared, long c, long cStride) {
            int m = left.lines;
            int n = right.lines;
            int rows = share(m, Math.min(MOST_OWN, m), shared);
            int down = Math.ceilDiv(m, rows);
            int columns = down >= ops.workers() || !shared ? n : share(n, n, true);
            int across = Math.ceilDiv(n, columns);
            ops.run(shared, down * across, (chunk, worker) -> {
                int i = chunk / across * rows;
                int j = chunk % across * columns;
                int some = Math.min(rows, m - i);
                long scratch = ops.scratchOf(worker);
                left.pack(i, some, k, scratch + own, scratch);
                long by = packed + kernel.packedBytes(j, k);
                long to = c + 4 * (i * cStride + j);
                kernel.multiply(scratch + own, by, some, Math.min(columns, n - j), k, add, to, cStride, scratch);
            });
        }

        /** Code goes along all rows that it is given, again and again: no more than stay in the cache. */
        void multiplyColumns(boolean shared, long c, long cStride) {
            int columns = share(right.lines, MOST_OWN, shared);
            ops.run(shared, Math.ceilDiv(right.lines, columns), (chunk, worker) -> {
                int j = chunk * columns;
                int some = Math.min(columns, right.lines - j);
                long scratch = ops.scratchOf(worker);
                right.pack(j, some, k, scratch + own, scratch);
                for (int i = 0; i < left.lines; i += MOST_ROWS) {
                    int rows = Math.min(MOST_ROWS, left.lines - i);
                    long from = packed + kernel.packedBytes(i, k);
                    long to = c + 4 * (i * cStride + j);
                    kernel.multiply(from, scratch + own, rows, some, k, add, to, cStride, scratch);
                }
            });
        }

        /** So many that each worker gets as many shares, of whole groups, none above {@code most}. */
        private int share(int count, int most, boolean shared) {
            int workers = shared ? ops.workers() : 1;
            int shares = Math.ceilDiv(count, most * workers) * workers;
            int each = Math.ceilDiv(count, shares);
            return Math.min(Math.ceilDiv(each, kernel.group()) * kernel.group(), MOST_SHARED);
        }
    }
}
