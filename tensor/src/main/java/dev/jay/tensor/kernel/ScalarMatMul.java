// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.WeightFormat;

/** Decodes a row as its format defines, then one product after another, in order. */
final class ScalarMatMul implements MatMulKernel {
    private final WeightFormat format;

    ScalarMatMul(WeightFormat format) {
        this.format = format;
    }

    @Override
    public ActivationForm form() {
        return null;
    }

    @Override
    public double bound() {
        return 1e-4; // one sum over a long row
    }

    @Override
    public long scratchBytes(int cols, int n) {
        return (long) cols * Float.BYTES;
    }

    @Override
    public void run(
            long w, long rowBytes, int cols, int from, int to, long x, int n, long y, long yStride, long scratch) {
        for (int r = from; r < to; r++) {
            format.decode(Raw.ALL, w + r * rowBytes, cols, Raw.ALL, scratch);
            for (int t = 0; t < n; t++) {
                long row = x + (long) t * cols * Float.BYTES;
                float sum = 0;
                for (int i = 0; i < cols; i++) sum += Raw.get(scratch, i) * Raw.get(row, i);
                Raw.set(y, t * yStride + r, sum);
            }
        }
    }
}
