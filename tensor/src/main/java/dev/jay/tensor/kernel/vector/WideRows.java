// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;

/**
 * A format that has code for vectors of sixteen floats alone; shorter ones take rows that the definition decoded. Each
 * member has loops of its own: a vector that comes out of a call which the compiler cannot see through is an object.
 */
abstract class WideRows extends RowCode {
    private final WeightFormat format;

    WideRows(String format) {
        this.format = WeightFormats.ALL.make(format);
    }

    /** As {@link #decode}, of addresses that are trusted. */
    abstract void decodeWide(long w, int cols, long to);

    @Override
    final void decode(long row, int cols, long out) {
        long w = Lanes.trusted(row);
        long to = Lanes.trusted(out);
        if (Lanes.WIDE) decodeWide(w, cols, to);
        else format.decode(Lanes.ALL, w, cols, Lanes.ALL, to);
    }

    @Override
    final boolean hasDot() {
        return Lanes.WIDE;
    }
}
