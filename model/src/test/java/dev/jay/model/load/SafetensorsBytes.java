// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Puts a safetensors file together, sound or not. */
final class SafetensorsBytes {
    private final StringBuilder header = new StringBuilder();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private int padding;

    /** A tensor behind those before it. */
    SafetensorsBytes tensor(String name, String dtype, String shape, byte[] bytes) {
        long from = data.size();
        data.writeBytes(bytes);
        return raw("\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + from
                + "," + data.size() + "]}");
    }

    /** Any text between the braces. */
    SafetensorsBytes raw(String json) {
        header.append(header.isEmpty() ? "" : ",").append(json);
        return this;
    }

    SafetensorsBytes data(int zeros) {
        data.writeBytes(new byte[zeros]);
        return this;
    }

    /** Spaces behind the header: the data begins at an address of any alignment. */
    SafetensorsBytes padded(int spaces) {
        padding = spaces;
        return this;
    }

    byte[] bytes() {
        return file("{" + header + "}" + " ".repeat(padding), data.toByteArray());
    }

    static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }
}
