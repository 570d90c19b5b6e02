// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.GemmKernel;
import java.util.Set;

/** Factors rounded to bf16 as they are packed, multiplied by tiles (AMX), summed in f32; subnormal numbers count as zero. */
final class Bf16Gemm implements GemmKernel {
    /** What the CPU must have, beyond what all code here needs. */
    static final Set<String> NEEDED = Set.of("amx_tile", "amx_bf16", "avx512_bf16");

    private static final int SIDE = 32; // of a block
    private static final long BLOCK_BYTES = 4L * SIDE * SIDE;

    private final GemmPack left;
    private final GemmPack right;
    private final MachineCode.Function code;

    /** @param features has {@link #NEEDED}; the process may use tiles */
    Bf16Gemm(MachineCode machine, Set<String> features) {
        this.left = new GemmPack(machine, features, GemmPackCode.Kind.BF16_ROWS, GemmPackCode.Kind.BF16_COLUMNS);
        this.right = new GemmPack(
                machine, features, GemmPackCode.Kind.BF16_ROWS_TO_PAIRS, GemmPackCode.Kind.BF16_COLUMNS_TO_PAIRS);
        this.code = machine.load("gemm-bf16-32x32", Bf16GemmCode.build(features));
    }

    /** Each factor is off by 2^-8 of it at most: together 2^-7, and something for the sums. */
    @Override
    public double bound() {
        return 0.008;
    }

    @Override
    public int group() {
        return SIDE;
    }

    @Override
    public int depth() {
        return 512; // the packed 32 columns stay in the L1 cache
    }

    @Override
    public long packedBytes(int count, int k) {
        return Math.ceilDiv(count, SIDE) * 2L * left.panelBytes(k);
    }

    /** [arguments][a block of c][a step to pack]. */
    @Override
    public long scratchBytes() {
        return Words.BYTES + Math.max(BLOCK_BYTES, left.scratchBytes());
    }

    @Override
    public void packA(long a, long stride, boolean transposed, int m, int k, long to, long scratch) {
        left.run(a, stride, !transposed, m, k, to, scratch + Words.BYTES);
        pad(m, k, to);
    }

    @Override
    public void packB(long b, long stride, boolean transposed, int n, int k, long to, long scratch) {
        right.run(b, stride, transposed, n, k, to, scratch + Words.BYTES);
        pad(n, k, to);
    }

    /** An odd number of panels: the code reads one more, whose products nobody looks at; but stale bytes may be slow. */
    private void pad(int count, int k, long to) {
        int panels = Math.ceilDiv(count, GemmPack.PANEL);
        if (panels % 2 != 0) Words.clear(to + panels * left.panelBytes(k), left.panelBytes(k));
    }

    @Override
    public void multiply(long a, long b, int m, int n, int k, boolean add, long c, long cStride, long scratch) {
        long panel = left.panelBytes(k);
        Words.set(scratch, Bf16GemmCode.A_PANEL_BYTES, panel);
        Words.set(scratch, Bf16GemmCode.B_PANEL_BYTES, panel);
        Words.set(scratch, Bf16GemmCode.STEPS, Math.ceilDiv(k, SIDE));
        Words.set(scratch, Bf16GemmCode.ADDED, add ? 1 : 0);
        for (int j = 0; j < n; j += SIDE) {
            Words.set(scratch, Bf16GemmCode.B, b + j / GemmPack.PANEL * panel);
            int columns = Math.min(SIDE, n - j);
            int whole = columns == SIDE ? m / SIDE * SIDE : 0; // rows
            if (whole > 0) run(a, c + 4L * j, cStride, whole / SIDE, scratch);
            for (int i = whole; i < m; i += SIDE) {
                long to = c + 4 * (i * cStride + j);
                edge(a + i / GemmPack.PANEL * panel, Math.min(SIDE, m - i), columns, add, to, cStride, scratch);
            }
        }
    }

    private void run(long a, long c, long cStride, int blocks, long scratch) {
        Words.set(scratch, Bf16GemmCode.A, a);
        Words.set(scratch, Bf16GemmCode.C, c);
        Words.set(scratch, Bf16GemmCode.C_STRIDE, 4 * cStride);
        Words.set(scratch, Bf16GemmCode.BLOCKS, blocks);
        code.call(scratch);
    }

    /** A block that reaches past c: done in working space, with the same bits. */
    private void edge(long a, int rows, int columns, boolean add, long c, long cStride, long scratch) {
        long block = scratch + Words.BYTES;
        for (int i = 0; i < rows && add; i++) Words.copy(c + 4L * i * cStride, block + 4L * SIDE * i, 4L * columns);
        run(a, block, SIDE, 1, scratch);
        for (int i = 0; i < rows; i++) Words.copy(block + 4L * SIDE * i, c + 4L * i * cStride, 4L * columns);
    }
}
