// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.RowKernels;

/** The small operations in machine code. */
public final class MachineRows implements RowKernels {
    private final MachineCode.Function norm;
    private final MachineCode.Function interleaved;
    private final MachineCode.Function halves;
    private final MachineCode.Function swiGlu;
    private final MachineCode.Function add;
    private final MachineCode.Function softmax;
    private final MachineCode.Function argMax;

    /** The code of each operation, of the arguments that the methods below pass. */
    public record Code(
            byte[] rmsNorm,
            byte[] interleaved,
            byte[] halves,
            byte[] swiGlu,
            byte[] add,
            byte[] softmax,
            byte[] argMax) {}

    public MachineRows(MachineCode pages, Code code) {
        norm = pages.load("rms-norm", code.rmsNorm);
        interleaved = pages.load("rotate-interleaved", code.interleaved);
        halves = pages.load("rotate-halves", code.halves);
        swiGlu = pages.load("swiglu", code.swiGlu);
        add = pages.load("add", code.add);
        softmax = pages.load("softmax", code.softmax);
        argMax = pages.load("argmax", code.argMax);
    }

    @Override
    public void rmsNorm(long x, long gain, float eps, long out, int rows, int dim) {
        norm.call(x, gain, bits(eps), out, rows, dim);
    }

    @Override
    public void rotate(long x, int heads, int dim, int rotaryDim, long table, boolean isInterleaved) {
        (isInterleaved ? interleaved : halves).call(x, heads, dim, rotaryDim, table, 0);
    }

    @Override
    public void rotateEach(long x, int rows, int dim, int rotaryDim, long table, boolean isInterleaved) {
        (isInterleaved ? interleaved : halves).call(x, rows, dim, rotaryDim, table, 4L * rotaryDim);
    }

    @Override
    public void swiGlu(long x, long y, long count) {
        swiGlu.call(x, y, count, 0, 0, 0);
    }

    @Override
    public void add(long x, long y, long count) {
        add.call(x, y, 1, count, 0, 0);
    }

    @Override
    public void addBias(long x, long bias, int rows, int dim) {
        add.call(x, bias, rows, dim, 0, 0);
    }

    @Override
    public void softmax(long x, float scale, int count) {
        softmax.call(x, bits(scale), count, 0, 0, 0);
    }

    @Override
    public int argMax(long x, int count) {
        return (int) argMax.call(x, count, 0, 0, 0, 0);
    }

    private static long bits(float value) {
        return Float.floatToRawIntBits(value);
    }
}
