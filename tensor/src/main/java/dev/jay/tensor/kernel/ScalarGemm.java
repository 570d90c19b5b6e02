// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** The definition: f32 throughout, one product after the other, in the order of k. Packed: [k][group] of rows or columns. */
final class ScalarGemm implements GemmKernel {
    private static final int GROUP = 16;

    @Override
    public double bound() {
        return 1e-4; // one sum over a long k
    }

    @Override
    public int group() {
        return GROUP;
    }

    @Override
    public int depth() {
        return 512;
    }

    @Override
    public long packedBytes(int count, int k) {
        return Math.ceilDiv(count, GROUP) * (long) GROUP * k * Float.BYTES;
    }

    @Override
    public long scratchBytes() {
        return 0;
    }

    @Override
    public void packA(long a, long stride, boolean transposed, int m, int k, long to, long scratch) {
        pack(a, transposed ? 1 : stride, transposed ? stride : 1, m, k, to);
    }

    @Override
    public void packB(long b, long stride, boolean transposed, int n, int k, long to, long scratch) {
        pack(b, transposed ? stride : 1, transposed ? 1 : stride, n, k, to);
    }

    private static void pack(long from, long step, long kStep, int count, int k, long to) {
        for (int i = 0; i < count; i++) {
            long at = (long) (i / GROUP) * GROUP * k + i % GROUP;
            for (int p = 0; p < k; p++) Raw.set(to, at + (long) p * GROUP, Raw.get(from, i * step + p * kStep));
        }
    }

    @Override
    public void multiply(long a, long b, int m, int n, int k, boolean add, long c, long cStride, long scratch) {
        for (int i = 0; i < m; i++) {
            long row = (long) (i / GROUP) * GROUP * k + i % GROUP;
            for (int j = 0; j < n; j++) {
                long column = (long) (j / GROUP) * GROUP * k + j % GROUP;
                float sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += Raw.get(a, row + (long) p * GROUP) * Raw.get(b, column + (long) p * GROUP);
                }
                long at = i * cStride + j;
                Raw.set(c, at, add ? Raw.get(c, at) + sum : sum);
            }
        }
    }
}
