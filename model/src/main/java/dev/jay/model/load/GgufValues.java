// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads metadata values, as {@link Metadata} holds them. */
final class GgufValues {
    private static final int DEEPEST = 8; // arrays in arrays
    private static final int MOST_ELEMENTS = 1 << 24;
    private static final int REFERENCE_BYTES = 8;
    private static final int OBJECT_BYTES = 48; // a small object and what refers to it, roughly

    private final FileCursor cursor;

    GgufValues(FileCursor cursor) {
        this.cursor = cursor;
    }

    /** A value behind its type. */
    Object read(String what) {
        return value(type(what), what, 0);
    }

    private GgufType type(String what) {
        long from = cursor.at();
        int number = cursor.i32(what);
        GgufType[] known = GgufType.values();
        if (number < 0 || number >= known.length) {
            throw cursor.wrong(
                    from,
                    what + " has an unknown value type: type=" + Integer.toUnsignedString(number) + ", most="
                            + (known.length - 1));
        }
        return known[number];
    }

    private Object value(GgufType type, String what, int depth) {
        return switch (type) {
            case U8 -> (long) Byte.toUnsignedInt(cursor.i8(what));
            case I8 -> (long) cursor.i8(what);
            case U16 -> (long) Short.toUnsignedInt(cursor.i16(what));
            case I16 -> (long) cursor.i16(what);
            case U32 -> Integer.toUnsignedLong(cursor.i32(what));
            case I32 -> (long) cursor.i32(what);
            case U64 -> unsigned(cursor.i64(what));
            case I64 -> cursor.i64(what);
            case F32 -> (double) cursor.f32(what);
            case F64 -> cursor.f64(what);
            case BOOL -> bool(what);
            case STRING -> cursor.text(what, cursor.remaining());
            case ARRAY -> array(what, depth);
        };
    }

    private boolean bool(String what) {
        byte v = cursor.i8(what);
        if (v != 0 && v != 1) {
            throw cursor.wrong(cursor.at() - 1, what + " is a boolean that is neither 0 nor 1: value=" + v);
        }
        return v == 1;
    }

    private static Number unsigned(long v) {
        return v >= 0 ? (Number) v : new BigInteger(Long.toUnsignedString(v));
    }

    private Object array(String what, int depth) {
        if (depth == DEEPEST) {
            throw cursor.wrong(cursor.at(), what + " has arrays in arrays too deep: most=" + DEEPEST);
        }
        GgufType type = type(what);
        long from = cursor.at();
        long elements = cursor.count(what, type.leastBytes);
        if (elements > MOST_ELEMENTS) {
            throw cursor.wrong(from, what + " has too many elements: count=" + elements + ", most=" + MOST_ELEMENTS);
        }
        int n = (int) elements;
        return switch (type) {
            case U8, I8, U16, I16 -> shortInts(type, n, what);
            case I32 -> cursor.ints(n, what);
            case U32 -> unsignedInts(n, what);
            case I64 -> cursor.longs(n, what);
            case U64 -> unsignedLongs(n, what);
            case F32 -> cursor.floats(n, what);
            case F64 ->
                Arrays.stream(cursor.longs(n, what))
                        .mapToDouble(Double::longBitsToDouble)
                        .toArray();
            case STRING -> cursor.texts(n, what);
            case BOOL, ARRAY -> list(type, n, what, depth);
        };
    }

    private int[] shortInts(GgufType type, int n, String what) {
        cursor.charge((long) n * Integer.BYTES, what);
        int[] values = new int[n];
        for (int i = 0; i < n; i++) values[i] = ((Long) value(type, what, 0)).intValue();
        return values;
    }

    private long[] unsignedInts(int n, String what) {
        cursor.charge((long) n * Long.BYTES, what);
        long[] values = new long[n];
        for (int i = 0; i < n; i++) values[i] = Integer.toUnsignedLong(cursor.i32(what));
        return values;
    }

    private Object unsignedLongs(int n, String what) {
        long[] values = cursor.longs(n, what);
        if (Arrays.stream(values).allMatch(v -> v >= 0)) return values;
        cursor.charge((long) n * (OBJECT_BYTES + REFERENCE_BYTES), what);
        return Arrays.stream(values).mapToObj(GgufValues::unsigned).toList();
    }

    private List<Object> list(GgufType type, int n, String what, int depth) {
        cursor.charge((long) n * (type == GgufType.BOOL ? REFERENCE_BYTES : OBJECT_BYTES), what);
        List<Object> values = new ArrayList<>(n);
        for (int i = 0; i < n; i++) values.add(value(type, what, depth + 1));
        return List.copyOf(values);
    }
}
