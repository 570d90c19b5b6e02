// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.SpanLevels;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Rows turned by a block-diagonal Hadamard matrix before a range for each row is divided into few bits: a channel that is
 * large in every token is spread over its block, and no longer takes the range from the others (SAW-INT4, row 118). The
 * matrix is its own inverse; attention turns queries instead. Without such channels it neither helps nor harms.
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
    public SpanLevels format(int width) {
        return new SpanLevels(bits, PerToken.GROUP, width, width);
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        SpanLevels format = format(width);
        page.asSlice(at, format.bytes()).fill((byte) 0);
        float[] row = new float[width];
        Hadamard hadamard = Hadamard.of(order, width);
        MemorySegment turned = MemorySegment.ofArray(row);
        for (int t = 0; t < PerToken.GROUP; t++) {
            MemorySegment.copy(rows, Floats.LAYOUT, from + 4L * t * width, row, 0, width);
            hadamard.turn(row);
            long to = at + (long) t * format.rowBytes();
            Uniform.measure(turned, 0, 1, width, bits, page, to);
            float step = Uniform.step(page, to);
            float least = Uniform.least(page, to);
            for (int c = 0; c < width; c++) {
                Uniform.put(page, to + Uniform.BYTES, c, bits, Uniform.code(row[c], step, least, bits));
            }
        }
    }

    @Override
    public Optional<Hadamard> rotation(int width) {
        return Optional.of(Hadamard.of(order, width));
    }
}
