// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Arrays;
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

    /** Strings one after another, into at most so many bytes. */
    static final class Builder {
        private final long most;
        private byte[] bytes = new byte[1 << 12];
        private int[] starts = new int[1 << 8];
        private int size;

        /** @param most bytes of all strings, {@link #LENGTH} more for each of them */
        Builder(int most) {
            this.most = most;
        }

        /** Whether there was room; if not, nothing was added. */
        boolean add(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            int from = starts[size];
            long end = (long) from + LENGTH + utf8.length;
            if (end > most) return false;
            if (end > bytes.length) bytes = Arrays.copyOf(bytes, (int) Math.min(most, 2 * end));
            if (size + 1 == starts.length) starts = Arrays.copyOf(starts, 2 * starts.length);
            for (int i = 0; i < LENGTH; i++) bytes[from + i] = i < 4 ? (byte) (utf8.length >> 8 * i) : 0;
            System.arraycopy(utf8, 0, bytes, from + LENGTH, utf8.length);
            starts[++size] = (int) end;
            return true;
        }

        int size() {
            return size;
        }

        StringArray build() {
            return new StringArray(Arrays.copyOf(bytes, starts[size]), Arrays.copyOf(starts, size + 1));
        }
    }
}
