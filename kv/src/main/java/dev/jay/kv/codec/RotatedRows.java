// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Rows turned by a block-diagonal Hadamard matrix, then each by itself in a weight format (SAW-INT4, row 118, in rows that
 * tokens may leave one by one). Attention turns queries, or what it gives, instead of the rows: so it runs on coded bytes.
 */
final class RotatedRows implements KvCodec {
    private static final String NAME = "rotated-";

    private final WeightFormat format;
    private final int order;

    private RotatedRows(String format, Args args) {
        this.format = WeightFormats.ALL.make(format);
        this.order = args.intOf("order", 64);
        Hadamard.check(NAME + format, order);
    }

    static Catalog.Entry<KvCodec> entry(String format) {
        String summary = "each row in weight format " + format + ", after a Hadamard rotation of order=64";
        return new Catalog.Entry<>(NAME + format, summary, args -> new RotatedRows(format, args));
    }

    @Override
    public String name() {
        return NAME + format.name() + "(order=" + order + ")";
    }

    @Override
    public int group() {
        return 1;
    }

    @Override
    public GroupFormat format(int width) {
        return new RowFormat(format, 1, width);
    }

    @Override
    public void seal(MemorySegment rows, long from, int width, MemorySegment page, long at) {
        float[] row = new float[width];
        MemorySegment.copy(rows, Floats.LAYOUT, from, row, 0, width);
        Hadamard.of(order, width).turn(row);
        format.encodeSoon(MemorySegment.ofArray(row), 0, width, page, at);
    }

    @Override
    public Optional<WeightFormat> rowFormat() {
        return Optional.of(format);
    }

    @Override
    public Optional<Hadamard> rotation(int width) {
        return Optional.of(Hadamard.of(order, width));
    }
}
