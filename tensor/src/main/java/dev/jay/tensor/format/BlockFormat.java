// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import java.lang.foreign.MemorySegment;

/**
 * A format whose codes are chosen by looking at all weights of a block. Says its name and sizes; a member says how a block
 * is coded and decoded.
 */
abstract class BlockFormat implements WeightFormat {
    private final String name;
    private final int ggmlType;
    private final int blockSize;
    private final int blockBytes;
    private final double tolerance;

    BlockFormat(String name, int ggmlType, int blockSize, int blockBytes, double tolerance) {
        this.name = name;
        this.ggmlType = ggmlType;
        this.blockSize = blockSize;
        this.blockBytes = blockBytes;
        this.tolerance = tolerance;
    }

    /** Codes blocks, one after the other; holds the scratch for it. */
    interface Coder {
        /**
         * @param x          the block's weights
         * @param importance how much a mistake in each of them matters; null: unknown
         * @param meanSquare of the weights of the whole row; only where importance is known
         */
        void code(float[] x, float[] importance, float meanSquare, MemorySegment block, long at);
    }

    abstract Coder coder();

    /** One that takes less time, if there is one. */
    Coder soonCoder() {
        return coder();
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final int ggmlType() {
        return ggmlType;
    }

    @Override
    public final int blockSize() {
        return blockSize;
    }

    @Override
    public final int blockBytes() {
        return blockBytes;
    }

    @Override
    public final double tolerance() {
        return tolerance;
    }

    @Override
    public final void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        encode(weights, from, blockSize, block, at);
    }

    @Override
    public final void encode(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        encode(coder(), weights, from, count, to, at);
    }

    @Override
    public final void encodeSoon(MemorySegment weights, long from, long count, MemorySegment to, long at) {
        encode(soonCoder(), weights, from, count, to, at);
    }

    private void encode(Coder coder, MemorySegment weights, long from, long count, MemorySegment to, long at) {
        float[] x = new float[blockSize];
        long blocks = bytesFor(count) / blockBytes;
        for (long b = 0; b < blocks; b++) {
            MemorySegment.copy(weights, Floats.LAYOUT, from + b * blockSize * Float.BYTES, x, 0, blockSize);
            coder.code(x, null, 0, to, at + b * blockBytes);
        }
    }

    @Override
    public final void encodeRow(
            MemorySegment weights, long from, float[] importance, int first, int count, MemorySegment to, long at) {
        Coder coder = coder();
        float[] x = new float[blockSize];
        float[] w = new float[blockSize];
        float square = meanSquare(weights, from, count);
        int blocks = (int) (bytesFor(count) / blockBytes);
        for (int b = 0; b < blocks; b++) {
            MemorySegment.copy(weights, Floats.LAYOUT, from + (long) b * blockSize * Float.BYTES, x, 0, blockSize);
            System.arraycopy(importance, first + b * blockSize, w, 0, blockSize);
            coder.code(x, w, square, to, at + (long) b * blockBytes);
        }
    }

    private static float meanSquare(MemorySegment weights, long from, int count) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            float v = weights.get(Floats.LAYOUT, from + (long) i * Float.BYTES);
            sum += v * v;
        }
        return sum / count;
    }

    /** {@code to = importance * sqrt(spread + x^2)}: so ggml weighs a mistake. */
    static void weigh(float[] x, float[] importance, float spread, float[] to) {
        for (int i = 0; i < x.length; i++) to[i] = importance[i] * (float) Math.sqrt(spread + x[i] * x[i]);
    }

    static float sumOfSquares(float[] x) {
        float sum = 0;
        for (float v : x) sum += v * v;
        return sum;
    }
}
