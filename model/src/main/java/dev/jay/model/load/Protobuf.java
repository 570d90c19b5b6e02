// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads one message in protobuf's wire format, field by field; every length is held against what remains. */
final class Protobuf {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final Path path;
    private final byte[] bytes;
    private final int to;
    private int at;

    private int field;
    private int kind;
    private long number;
    private int from;
    private int length;

    Protobuf(Path path, byte[] bytes) {
        this(path, bytes, 0, bytes.length);
    }

    private Protobuf(Path path, byte[] bytes, int from, int to) {
        this.path = path;
        this.bytes = bytes;
        this.at = from;
        this.to = to;
    }

    MalformedModelException wrong(String what) {
        return new MalformedModelException(path, at, what);
    }

    /** Goes on to the next field; false at the end. */
    boolean next() {
        if (at == to) return false;
        long tag = varint();
        field = (int) (tag >>> 3);
        kind = (int) tag & 7;
        if (tag <= 7 || tag >>> 3 > 1 << 29) throw wrong("a field's number is " + (tag >>> 3));
        from = at;
        switch (kind) {
            case VARINT -> number = varint();
            case FIXED64 -> take(8);
            case FIXED32 -> take(4);
            case BYTES -> {
                long size = varint();
                from = at;
                if (size < 0 || size > to - at) {
                    throw wrong("field " + field + " is longer than what it stands in: bytes="
                            + Long.toUnsignedString(size) + ", remaining=" + (to - at));
                }
                take((int) size);
            }
            default -> throw wrong("field " + field + " is of an unknown kind: " + kind);
        }
        length = at - from;
        return true;
    }

    private void take(int count) {
        if (count > to - at) throw wrong("it ends within field " + field);
        at += count;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == to) throw wrong("it ends within a number");
            byte b = bytes[at++];
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) return value;
        }
        throw wrong("a number of more than 64 bits");
    }

    int field() {
        return field;
    }

    private void expect(int wanted) {
        if (kind != wanted) throw wrong("field " + field + " is of kind " + kind + ", wanted " + wanted);
    }

    int integer() {
        expect(VARINT);
        return (int) number;
    }

    boolean flag() {
        expect(VARINT);
        return number != 0;
    }

    float real() {
        expect(FIXED32);
        int bits = 0;
        for (int i = 3; i >= 0; i--) bits = bits << 8 | bytes[from + i] & 0xFF;
        return Float.intBitsToFloat(bits);
    }

    String text() {
        expect(BYTES);
        return new String(bytes, from, length, StandardCharsets.UTF_8);
    }

    byte[] bytes() {
        expect(BYTES);
        return Arrays.copyOfRange(bytes, from, from + length);
    }

    /** The message that this field is. */
    Protobuf message() {
        expect(BYTES);
        return new Protobuf(path, bytes, from, from + length);
    }
}
