// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;

/**
 * Rows turned by a block-diagonal Hadamard matrix before a range for each row is divided into few bits: a channel that is
 * large in every token is spread over its block, and no longer takes the range from the others (SAW-INT4, row 118). The
 * matrix is its own inverse; {@link #unseal} turns back. Without such channels it neither helps nor harms.
 */
final class Rotated implements KvCodec {
    static final Catalog.Entry<KvCodec> ENTRY = new Catalog.Entry<>(
            "rotated",
            "bits=4 for each value, a range for each token, after a Hadamard rotation of order=64 (SAW-INT4's keys)",
            Rotated::new);

    private final int bits;
    private final int order;

    private Rotated(Args args) {
        this.bits = args.intOf("bits", 4);
        this.order = args.intOf("order", 64);
        Uniform.checkBits("rotated", bits);
        Hadamard.check("rotated", order);
    }

    @Override
    public String name() {
        return "rotated(bits=" + bits + ",order=" + order + ")";
    }

    @Override
    public int group() {
        return PerToken.GROUP;
    }

    @Override
    public int groupBytes(int width) {
        return PerToken.GROUP * rowBytes(width);
    }

    private int rowBytes(int width) {
        if (width % 8 != 0) throw new IllegalArgumentException("width must be a multiple of 8");
        return Uniform.BYTES + width * bits / 8;
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        page.asSlice(at, groupBytes(width)).fill((byte) 0);
        float[] row = new float[width];
        Hadamard hadamard = Hadamard.of(order, width);
        MemorySegment turned = MemorySegment.ofArray(row);
        for (int t = 0; t < PerToken.GROUP; t++) {
            MemorySegment.copy(rows, Floats.LAYOUT, from + 4L * t * width, row, 0, width);
            hadamard.turn(row);
            long to = at + (long) t * rowBytes(width);
            Uniform.measure(turned, 0, 1, width, bits, page, to);
            float step = Uniform.step(page, to);
            float least = Uniform.least(page, to);
            for (int c = 0; c < width; c++) {
                Uniform.put(page, to + Uniform.BYTES, c, bits, Uniform.code(row[c], step, least, bits));
            }
        }
    }

    @Override
    public void unseal(MemorySegment page, long at, int width, MemorySegment rows, long to) {
        float[] row = new float[width];
        Hadamard hadamard = Hadamard.of(order, width);
        for (int t = 0; t < PerToken.GROUP; t++) {
            long from = at + (long) t * rowBytes(width);
            float step = Uniform.step(page, from);
            float least = Uniform.least(page, from);
            for (int c = 0; c < width; c++) row[c] = least + Uniform.get(page, from + Uniform.BYTES, c, bits) * step;
            hadamard.turn(row);
            MemorySegment.copy(row, 0, rows, Floats.LAYOUT, to + 4L * t * width, width);
        }
    }
}
