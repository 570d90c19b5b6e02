// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.GemmKernel;
import java.util.Set;

/** f32 by f32, eight rows by 48 columns in registers. Both factors are packed in panels [k][16]. */
final class F32Gemm implements GemmKernel {
    private static final int NEAR = 480; // columns of b that stay in the L2 cache while the rows pass by

    private final GemmPack pack;
    private final MachineCode.Function[] code = new MachineCode.Function[F32GemmCode.MOST_PANELS + 1];

    F32Gemm(MachineCode machine, Set<String> features) {
        this.pack = new GemmPack(machine, features, GemmPackCode.Kind.F32_ROWS, GemmPackCode.Kind.F32_COLUMNS);
        for (int panels = 1; panels < code.length; panels++) {
            code[panels] = machine.load("gemm-f32-8x" + 16 * panels, F32GemmCode.build(panels, features));
        }
    }

    /** What chains of {@link #depth} steps, and their sums, cost where k is some ten thousand: (384 + k / 384) * 2^-24. */
    @Override
    public double bound() {
        return 3e-5;
    }

    @Override
    public int group() {
        return GemmPack.PANEL;
    }

    @Override
    public int depth() {
        return 384;
    }

    @Override
    public long packedBytes(int count, int k) {
        return Math.ceilDiv(count, GemmPack.PANEL) * pack.panelBytes(k);
    }

    @Override
    public long scratchBytes() {
        return Math.max(Words.BYTES, pack.scratchBytes());
    }

    @Override
    public void packA(long a, long stride, boolean transposed, int m, int k, long to, long scratch) {
        pack.run(a, stride, !transposed, m, k, to, scratch);
    }

    @Override
    public void packB(long b, long stride, boolean transposed, int n, int k, long to, long scratch) {
        pack.run(b, stride, transposed, n, k, to, scratch);
    }

    @Override
    public void multiply(long a, long b, int m, int n, int k, boolean add, long c, long cStride, long scratch) {
        long panel = pack.panelBytes(k);
        Words.set(scratch, F32GemmCode.PANEL_BYTES, panel);
        Words.set(scratch, F32GemmCode.K, k);
        Words.set(scratch, F32GemmCode.C_STRIDE, 4 * cStride);
        Words.set(scratch, F32GemmCode.ADDED, add ? 1 : 0);
        int wide = F32GemmCode.MOST_PANELS * GemmPack.PANEL;
        for (int from = 0; from < n; from += NEAR) {
            int to = Math.min(n, from + NEAR);
            for (int i = 0; i < m; i += F32GemmCode.MOST_ROWS) {
                Words.set(scratch, F32GemmCode.A, a + i / GemmPack.PANEL * panel + 4L * (i % GemmPack.PANEL));
                Words.set(scratch, F32GemmCode.ROWS, Math.min(F32GemmCode.MOST_ROWS, m - i));
                for (int j = from; j < to; j += wide) {
                    int some = Math.min(wide, to - j);
                    int panels = Math.ceilDiv(some, GemmPack.PANEL);
                    int last = some - (panels - 1) * GemmPack.PANEL;
                    Words.set(scratch, F32GemmCode.B, b + j / GemmPack.PANEL * panel);
                    Words.set(scratch, F32GemmCode.C, c + 4 * (i * cStride + j));
                    Words.set(scratch, F32GemmCode.LAST, (1L << last) - 1);
                    code[panels].call(scratch);
                }
            }
        }
    }
}
