// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The key and value pairs of a well-formed GGUF file. */
final class MetadataOfGguf {
    private MetadataOfGguf() {}

    static Metadata read(Path file) {
        try {
            ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
            in.position(16);
            long pairs = in.getLong();
            Map<String, Object> values = new HashMap<>();
            for (long i = 0; i < pairs; i++) {
                String key = text(in);
                values.put(key, value(in, in.getInt()));
            }
            return new Metadata(values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[(int) in.getLong()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static Object value(ByteBuffer in, int type) {
        return switch (type) {
            case 0, 1 -> (long) in.get();
            case 2, 3 -> (long) in.getShort();
            case 4 -> in.getInt() & 0xFFFF_FFFFL;
            case 5 -> (long) in.getInt();
            case 6 -> (double) in.getFloat();
            case 7 -> in.get() != 0;
            case 8 -> text(in);
            case 9 -> {
                int of = in.getInt();
                long n = in.getLong();
                List<Object> list = new ArrayList<>();
                for (long i = 0; i < n; i++) list.add(value(in, of));
                yield list;
            }
            case 10, 11 -> in.getLong();
            default -> in.getDouble();
        };
    }
}
