// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/** Many strings in two arrays, decoded when asked for: vocabularies have hundreds of thousands. Immutable. */
final class StringArray extends AbstractList<String> implements RandomAccess {
    private final byte[] bytes;
    private final int[] starts;
    private final int[] ends;

    /** String i is UTF-8 in {@code bytes[starts[i], ends[i])}. Takes the arrays, does not copy them. */
    StringArray(byte[] bytes, int[] starts, int[] ends) {
        this.bytes = bytes;
        this.starts = starts;
        this.ends = ends;
    }

    @Override
    public String get(int i) {
        Objects.checkIndex(i, starts.length);
        return new String(bytes, starts[i], ends[i] - starts[i], StandardCharsets.UTF_8);
    }

    @Override
    public int size() {
        return starts.length;
    }
}
