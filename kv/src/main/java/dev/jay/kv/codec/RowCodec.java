// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.codec;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.format.GroupFormat;
import dev.jay.tensor.format.RowFormat;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Any weight format as a codec: each row by itself, as it comes. */
final class RowCodec implements KvCodec {
    private final WeightFormat format;

    private RowCodec(WeightFormat format) {
        this.format = format;
    }

    static Catalog.Entry<KvCodec> entry(String format) {
        return new Catalog.Entry<>(
                format, "each row in weight format " + format, args -> new RowCodec(WeightFormats.ALL.make(format)));
    }

    @Override
    public String name() {
        return format.name();
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
        format.encodeSoon(rows, from, width, page, at);
    }

    @Override
    public void unseal(MemorySegment page, long at, int width, MemorySegment rows, long to) {
        format.decode(page, at, width, rows, to);
    }

    @Override
    public Optional<WeightFormat> rowFormat() {
        return Optional.of(format);
    }
}
