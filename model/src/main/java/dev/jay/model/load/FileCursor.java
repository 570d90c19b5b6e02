// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads a file that may lie. Every length is held against what remains of the file, and what it would take on the heap
 * against an allowance, before anything is allocated.
 */
final class FileCursor {
    private static final long HEAP_ALLOWANCE = 32L << 20; // a vocabulary of 262,144 with its merges takes about 20

    private final Path path;
    private final MemorySegment bytes;
    private long at;
    private long heap;

    FileCursor(Path path, MemorySegment bytes) {
        this.path = path;
        this.bytes = bytes;
    }

    long at() {
        return at;
    }

    long remaining() {
        return bytes.byteSize() - at;
    }

    /** What is wrong, at a place in the file. */
    MalformedModelException wrong(long where, String what) {
        return new MalformedModelException(path, where, what);
    }

    /** Counts bytes that are about to be allocated. */
    void charge(long heapBytes, String what) {
        heap += heapBytes;
        if (heap > HEAP_ALLOWANCE) {
            throw wrong(
                    at, what + " would take more heap than a model's metadata may: most=" + HEAP_ALLOWANCE + " bytes");
        }
    }

    private long take(long count, String what) {
        if (count < 0 || count > remaining()) {
            throw wrong(
                    at,
                    what + " is longer than the file: bytes=" + Long.toUnsignedString(count) + ", remaining="
                            + remaining());
        }
        long from = at;
        at += count;
        return from;
    }

    byte i8(String what) {
        return bytes.get(ValueLayout.JAVA_BYTE, take(1, what));
    }

    short i16(String what) {
        return bytes.get(Floats.SHORT, take(2, what));
    }

    int i32(String what) {
        return bytes.get(Floats.INT, take(4, what));
    }

    long i64(String what) {
        return bytes.get(Floats.LONG, take(8, what));
    }

    float f32(String what) {
        return Float.intBitsToFloat(i32(what));
    }

    double f64(String what) {
        return Double.longBitsToDouble(i64(what));
    }

    /** A number of things that each take at least so many bytes of the file. */
    long count(String what, long leastBytes) {
        long from = at;
        long count = i64(what);
        if (count < 0 || count > remaining() / leastBytes) {
            throw wrong(
                    from,
                    what + " is more than the file can hold: count=" + Long.toUnsignedString(count) + ", most="
                            + remaining() / leastBytes);
        }
        return count;
    }

    String text(String what, long most) {
        long from = at;
        long length = i64(what);
        if (length < 0 || length > most) {
            throw wrong(from, what + " is too long: bytes=" + Long.toUnsignedString(length) + ", most=" + most);
        }
        return utf8(length, what);
    }

    String utf8(long length, String what) {
        long start = take(length, what);
        charge(4 * length, what); // the bytes, the text at two bytes a letter, and room for the decoder
        byte[] utf8 = new byte[(int) length];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, start, utf8, 0, utf8.length);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    /** The next bytes; borrowed. */
    MemorySegment slice(long count, String what) {
        return bytes.asSlice(take(count, what), count);
    }

    byte[] bytes(int length, String what) {
        charge(length, what);
        byte[] copy = new byte[length];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, take(length, what), copy, 0, length);
        return copy;
    }

    /** Strings as GGUF writes them, each behind its length; {@code count} is at most what the file can hold. */
    StringArray texts(int count, String what) {
        charge((count + 1L) * Integer.BYTES, what);
        long first = at;
        int[] starts = new int[count + 1];
        for (int i = 0; i < count; i++) {
            starts[i] = (int) (at - first);
            take(i64(what), what);
            if (at - first > HEAP_ALLOWANCE) break; // refused below
        }
        charge(at - first, what);
        starts[count] = (int) (at - first);
        byte[] all = new byte[starts[count]];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, first, all, 0, all.length);
        return new StringArray(all, starts);
    }

    int[] ints(int count, String what) {
        charge((long) count * Integer.BYTES, what);
        int[] values = new int[count];
        MemorySegment.copy(bytes, Floats.INT, take((long) count * Integer.BYTES, what), values, 0, count);
        return values;
    }

    long[] longs(int count, String what) {
        charge((long) count * Long.BYTES, what);
        long[] values = new long[count];
        MemorySegment.copy(bytes, Floats.LONG, take((long) count * Long.BYTES, what), values, 0, count);
        return values;
    }

    float[] floats(int count, String what) {
        charge((long) count * Float.BYTES, what);
        float[] values = new float[count];
        MemorySegment.copy(bytes, Floats.LAYOUT, take((long) count * Float.BYTES, what), values, 0, count);
        return values;
    }

    /** The bytes between two places; borrowed. */
    MemorySegment between(long from, long to) {
        return bytes.asSlice(from, to - from);
    }
}
