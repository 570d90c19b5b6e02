// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.WeightFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * An entry's weights in the order in which GGUF files have them, whatever order they lie in. Borrows the bytes.
 *
 * @param rows where they lie; empty: in order
 */
record RowOrder(WeightSource.Entry entry, Optional<LongUnaryOperator> rows) {
    static RowOrder of(WeightSource source, WeightSource.Entry entry) {
        return new RowOrder(entry, source.rowOrder(entry));
    }

    /** Weights that stay together. */
    private long cols() {
        return entry.dims().size() == 1 ? 1 : entry.dims().getFirst();
    }

    void copyTo(GgufWriter.Sink sink) throws IOException {
        if (rows.isEmpty()) {
            sink.write(entry.bytes());
            return;
        }
        long count = entry.dims().stream().reduce(1L, (a, b) -> a * b) / cols();
        long rowBytes = entry.bytes().byteSize() / count;
        for (long row = 0; row < count; row++) {
            sink.write(entry.bytes().asSlice(rows.get().applyAsLong(row) * rowBytes, rowBytes));
        }
    }

    /** Decodes weights {@code [first, first + count)} to the start of {@code floats}. */
    void decode(WeightFormat format, long first, int count, MemorySegment floats) {
        if (rows.isEmpty()) {
            format.decode(entry.bytes(), format.bytesFor(first), count, floats, 0);
            return;
        }
        long cols = cols();
        for (long at = first; at < first + count; ) {
            long within = at % cols;
            long some = Math.min(cols - within, first + count - at);
            long from = rows.get().applyAsLong(at / cols) * cols + within;
            format.decode(entry.bytes(), format.bytesFor(from), some, floats, Float.BYTES * (at - first));
            at += some;
        }
    }
}
