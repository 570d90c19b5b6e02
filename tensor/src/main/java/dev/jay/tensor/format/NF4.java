// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.format;

import dev.jay.tensor.Catalog;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * NormalFloat of four bits with scales that are coded themselves (QLoRA: Dettmers and others 2023): 256 weights as four
 * runs of 64, {@code [scale:f16][part:u8 x 4][code:u4 x 256]}, weight = level[code] * scale * part / 255. The levels are
 * quantiles of a normal distribution. The first of two weights is a byte's high half, as where the format comes from;
 * there the scales of 256 runs share one, across rows, and here those of a row's four do, so that a row stands alone.
 */
final class NF4 implements WeightFormat {
    static final Catalog.Entry<WeightFormat> ENTRY = new Catalog.Entry<>(
            "nf4", "4-bit NormalFloat, for tuning over it; Jay's own in GGUF; 4.1875 bits per weight", a -> new NF4());

    static final float[] LEVELS = {
        -1.0f,
        -0.6961928009986877f,
        -0.5250730514526367f,
        -0.39491748809814453f,
        -0.28444138169288635f,
        -0.18477343022823334f,
        -0.09105003625154495f,
        0.0f,
        0.07958029955625534f,
        0.16093020141124725f,
        0.24611230194568634f,
        0.33791524171829224f,
        0.44070982933044434f,
        0.5626170039176941f,
        0.7229568362236023f,
        1.0f
    };

    private static final int SIZE = 256;
    private static final int RUN = 64;
    private static final int RUNS = SIZE / RUN;
    private static final int PARTS = Short.BYTES;
    private static final int CODES = PARTS + RUNS;
    private static final int MOST = 255;

    @Override
    public String name() {
        return "nf4";
    }

    /** Not one of ggml's, which has no such format, nor near them. */
    @Override
    public int ggmlType() {
        return 0x4A04;
    }

    @Override
    public int blockSize() {
        return SIZE;
    }

    @Override
    public int blockBytes() {
        return CODES + SIZE / 2;
    }

    @Override
    public double tolerance() {
        return (1 - 0.6961928) / 2 + 0.5 / MOST + 0x1p-10; // half the widest gap, and what the scales round
    }

    @Override
    public void encodeBlock(MemorySegment weights, long from, MemorySegment block, long at) {
        float[] largest = new float[RUNS];
        float most = 0;
        for (int i = 0; i < SIZE; i++) {
            float magnitude = Math.abs(weights.get(Floats.LAYOUT, from + 4L * i));
            if (magnitude > largest[i / RUN]) largest[i / RUN] = magnitude;
            if (magnitude > most) most = magnitude;
        }
        short scale = Halves.toF16(most);
        float rounded = Halves.fromF16(scale);
        block.set(Floats.SHORT, at, scale);
        for (int run = 0; run < RUNS; run++) {
            int part = rounded == 0 ? 0 : Math.clamp(Math.round(largest[run] / rounded * MOST), 0, MOST);
            block.set(ValueLayout.JAVA_BYTE, at + PARTS + run, (byte) part);
            float size = rounded * part / MOST;
            float inverse = size == 0 ? 0 : 1 / size;
            for (int i = run * RUN; i < (run + 1) * RUN; i += 2) {
                int high = nearest(weights.get(Floats.LAYOUT, from + 4L * i) * inverse);
                int low = nearest(weights.get(Floats.LAYOUT, from + 4L * i + 4) * inverse);
                block.set(ValueLayout.JAVA_BYTE, at + CODES + i / 2, (byte) (high << 4 | low));
            }
        }
    }

    /** The level in whose half of the gaps v lies. */
    static int nearest(float v) {
        int code = 0;
        while (code < LEVELS.length - 1 && v > (LEVELS[code] + LEVELS[code + 1]) / 2) code++;
        return code;
    }

    @Override
    public void decodeBlock(MemorySegment block, long at, MemorySegment weights, long to) {
        float scale = Halves.fromF16(block.get(Floats.SHORT, at));
        for (int run = 0; run < RUNS; run++) {
            float size = scale * (block.get(ValueLayout.JAVA_BYTE, at + PARTS + run) & 0xFF) / MOST;
            for (int i = run * RUN; i < (run + 1) * RUN; i += 2) {
                int pair = block.get(ValueLayout.JAVA_BYTE, at + CODES + i / 2);
                weights.set(Floats.LAYOUT, to + 4L * i, LEVELS[pair >> 4 & 15] * size);
                weights.set(Floats.LAYOUT, to + 4L * i + 4, LEVELS[pair & 15] * size);
            }
        }
    }
}
