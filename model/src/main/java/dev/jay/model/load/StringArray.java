// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/** Many strings in two arrays, decoded when asked for: vocabularies have hundreds of thousands. Immutable. */
final class StringArray extends AbstractList<String> implements RandomAccess {
    private static final int LENGTH = Long.BYTES;

    private final byte[] bytes;
    private final int[] starts;

    /**
     * Takes the arrays, does not copy them.
     *
     * @param bytes  the strings in UTF-8, each behind its length in eight bytes
     * @param starts where each begins, its length first, and where the last ends
     */
    StringArray(byte[] bytes, int[] starts) {
        this.bytes = bytes;
        this.starts = starts;
    }

    @Override
    public String get(int i) {
        Objects.checkIndex(i, size());
        int from = starts[i] + LENGTH;
        return new String(bytes, from, starts[i + 1] - from, StandardCharsets.UTF_8);
    }

    @Override
    public int size() {
        return starts.length - 1;
    }
}
