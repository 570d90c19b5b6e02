// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes GGUF bytes by hand, right or wrong, for tests of the reader. */
final class GgufBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Header of a version 3 file. */
    static GgufBytes header(long tensors, long pairs) {
        return new GgufBytes().i32(GgufPart.MAGIC).i32(3).i64(tensors).i64(pairs);
    }

    GgufBytes i8(int v) {
        out.write(v);
        return this;
    }

    GgufBytes i16(int v) {
        return i8(v).i8(v >> 8);
    }

    GgufBytes i32(int v) {
        return i16(v).i16(v >> 16);
    }

    GgufBytes i64(long v) {
        return i32((int) v).i32((int) (v >> 32));
    }

    GgufBytes f32(float v) {
        return i32(Float.floatToRawIntBits(v));
    }

    GgufBytes text(String s) {
        byte[] utf8 = s.getBytes(StandardCharsets.UTF_8);
        i64(utf8.length);
        out.writeBytes(utf8);
        return this;
    }

    GgufBytes pair(String key, GgufType type) {
        return text(key).i32(type.number());
    }

    GgufBytes array(String key, GgufType element, long count) {
        return pair(key, GgufType.ARRAY).i32(element.number()).i64(count);
    }

    GgufBytes tensor(String name, int type, long offset, long... dims) {
        text(name).i32(dims.length);
        for (long d : dims) i64(d);
        return i32(type).i64(offset);
    }

    /** Zeros up to a multiple. */
    GgufBytes pad(int alignment) {
        while (out.size() % alignment != 0) out.write(0);
        return this;
    }

    GgufBytes zeros(int count) {
        out.writeBytes(new byte[count]);
        return this;
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
