// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import java.util.Set;

/**
 * Packs one factor, sixteen rows or columns (a panel) after the other. What does not fill a step is first copied among
 * zeros, so the code reads whole steps only.
 */
final class GemmPack {
    static final int PANEL = 16;

    private final MachineCode.Function fromRows;
    private final MachineCode.Function fromColumns;
    private final int step; // of k
    private final long stepBytes;

    GemmPack(MachineCode code, Set<String> features, GemmPackCode.Kind rows, GemmPackCode.Kind columns) {
        this.fromRows = load(code, features, rows);
        this.fromColumns = load(code, features, columns);
        this.step = rows.isBf16() ? 32 : 16;
        this.stepBytes = 1024;
    }

    private static MachineCode.Function load(MachineCode code, Set<String> features, GemmPackCode.Kind kind) {
        return code.load("gemm-pack-" + kind, GemmPackCode.build(kind, features));
    }

    /** Bytes of one panel. */
    long panelBytes(int k) {
        return Math.ceilDiv(k, step) * stepBytes;
    }

    /** Bytes of working space. */
    long scratchBytes() {
        return 4L * PANEL * step;
    }

    /** @param rows true: the panel's sixteen are rows in memory, {@code stride} values apart */
    void run(long from, long stride, boolean rows, int count, int k, long to, long scratch) {
        int panels = count / PANEL;
        int steps = k / step;
        if (rows) {
            for (int i = 0; i < panels && steps > 0; i++) {
                fromRows.call(from + 4L * i * PANEL * stride, 4 * stride, to + i * panelBytes(k), steps, stepBytes, 0);
            }
        } else {
            for (int s = 0; s < steps && panels > 0; s++) {
                fromColumns.call(
                        from + 4L * s * step * stride, 4 * stride, to + s * stepBytes, panels, panelBytes(k), 0);
            }
        }
        for (int i = 0; i < count; i += PANEL) {
            for (int p = i < panels * PANEL ? steps * step : 0; p < k; p += step) {
                long source = from + 4 * (rows ? i * stride + p : p * stride + i);
                long place = to + i / PANEL * panelBytes(k) + p / step * stepBytes;
                rest(source, stride, rows, Math.min(PANEL, count - i), Math.min(step, k - p), place, scratch);
            }
        }
    }

    /** A step that is not whole. */
    private void rest(long from, long stride, boolean rows, int count, int k, long to, long scratch) {
        Words.clear(scratch, scratchBytes());
        long width = rows ? step : PANEL; // of the copy
        for (int i = 0; i < (rows ? count : k); i++) {
            Words.copy(from + 4L * i * stride, scratch + 4L * i * width, 4L * (rows ? k : count));
        }
        (rows ? fromRows : fromColumns).call(scratch, 4 * width, to, 1, stepBytes, 0);
    }
}
