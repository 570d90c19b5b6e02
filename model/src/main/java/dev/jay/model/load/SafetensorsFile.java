// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.format.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * One safetensors file, read up to its tensors: {@code [length of the header:u64][header: JSON][data]}, where the header
 * has {@code "name": {"dtype": ..., "shape": [slowest ... fastest], "data_offsets": [from, to]}} for each tensor and the
 * tensors fill the data without a gap. Borrows the bytes.
 *
 * @param notes what the header says of the whole file ({@code __metadata__})
 */
record SafetensorsFile(Path path, Map<String, String> notes, List<WeightSource.Entry> entries) {
    private static final String NOTES = "__metadata__";
    private static final long LONGEST_HEADER = 16L << 20; // 100,000 tensors take about 12
    private static final int START = 8;
    private static final int MOST_DIMS = 8;
    private static final int TENSOR_HEAP = 400; // map nodes, slices and names, roughly

    /** A tensor as the header lists it. */
    private record Listed(String name, SafetensorsType type, List<Long> shape, long from, long to) {
        String what() {
            return "tensor " + MalformedModelException.shown(name);
        }
    }

    /** @throws MalformedModelException if the bytes are not a safetensors file */
    static SafetensorsFile read(Path path, MemorySegment bytes) {
        FileCursor cursor = new FileCursor(path, bytes);
        if (cursor.remaining() < START + 2) {
            throw cursor.wrong(0, "too short to be a safetensors file: bytes=" + bytes.byteSize());
        }
        long length = cursor.i64("length of the header");
        if (length < 2 || length > LONGEST_HEADER || length > cursor.remaining()) {
            throw cursor.wrong(
                    0,
                    "length of the header is not possible: bytes=" + Long.toUnsignedString(length) + ", allowed: 2 to "
                            + Math.min(LONGEST_HEADER, cursor.remaining()));
        }
        byte[] header = cursor.bytes((int) length, "header");
        if (header[0] != '{') throw cursor.wrong(START, "the header does not begin with '{'");
        Reader reader = new Reader(cursor);
        try (JsonParser parser = JsonText.FACTORY.createParser(ObjectReadContext.empty(), header)) {
            reader.read(parser);
        } catch (JacksonException e) {
            throw JsonText.wrong(path, START, e);
        }
        return new SafetensorsFile(
                path, reader.notes, place(cursor, reader.listed, cursor.between(START + length, bytes.byteSize())));
    }

    /** Whether the bytes begin as a safetensors file does. */
    static boolean isOne(MemorySegment bytes) {
        if (bytes.byteSize() < START + 2) return false;
        long length = bytes.get(Floats.LONG, 0);
        return length >= 2 && length <= bytes.byteSize() - START && bytes.get(ValueLayout.JAVA_BYTE, START) == '{';
    }

    /** Reads the header; its notes and list are the result. */
    private static final class Reader {
        private final FileCursor cursor;
        final Map<String, String> notes = new LinkedHashMap<>();
        final List<Listed> listed = new ArrayList<>();

        Reader(FileCursor cursor) {
            this.cursor = cursor;
        }

        void read(JsonParser p) {
            want(p, p.nextToken(), JsonToken.START_OBJECT, "the header");
            while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = p.currentName();
                cursor.charge(TENSOR_HEAP + 4L * name.length(), "list of tensors");
                if (name.equals(NOTES)) readNotes(p);
                else listed.add(readTensor(p, name));
            }
            want(p, p.currentToken(), JsonToken.END_OBJECT, "the header");
            if (p.nextToken() != null) throw wrong(p, "the header goes on behind its end");
        }

        private void readNotes(JsonParser p) {
            want(p, p.nextToken(), JsonToken.START_OBJECT, NOTES);
            while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = p.currentName();
                want(p, p.nextToken(), JsonToken.VALUE_STRING, NOTES);
                cursor.charge(4L * p.getString().length(), NOTES);
                notes.put(key, p.getString());
            }
        }

        private Listed readTensor(JsonParser p, String name) {
            String what = "tensor " + MalformedModelException.shown(name);
            want(p, p.nextToken(), JsonToken.START_OBJECT, what);
            SafetensorsType type = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = p.currentName();
                JsonToken value = p.nextToken();
                switch (key) {
                    case "dtype" -> type = type(p, value, what);
                    case "shape" -> shape = numbers(p, value, what + ": shape", MOST_DIMS);
                    case "data_offsets" -> offsets = numbers(p, value, what + ": data_offsets", 2);
                    default -> throw wrong(p, what + " has an unknown key: " + MalformedModelException.shown(key));
                }
            }
            if (type == null || shape == null || offsets == null || offsets.size() != 2) {
                throw wrong(p, what + " needs dtype, shape and data_offsets=[from, to]");
            }
            return new Listed(name, type, shape, offsets.get(0), offsets.get(1));
        }

        private SafetensorsType type(JsonParser p, JsonToken token, String what) {
            want(p, token, JsonToken.VALUE_STRING, what + ": dtype");
            String name = p.getString();
            return SafetensorsType.of(name)
                    .orElseThrow(() ->
                            wrong(p, what + " has an unknown type: dtype=" + MalformedModelException.shown(name)));
        }

        private List<Long> numbers(JsonParser p, JsonToken token, String what, int most) {
            want(p, token, JsonToken.START_ARRAY, what);
            List<Long> numbers = new ArrayList<>();
            while (p.nextToken() != JsonToken.END_ARRAY) {
                want(p, p.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
                if (numbers.size() == most) throw wrong(p, what + " has more than " + most + " numbers");
                long v = p.getLongValue();
                if (v < 0) throw wrong(p, what + " has a negative number: " + v);
                numbers.add(v);
            }
            return numbers;
        }

        private void want(JsonParser p, JsonToken got, JsonToken wanted, String what) {
            if (got != wanted) throw wrong(p, what + ": wanted " + wanted + ", got " + got);
        }

        private MalformedModelException wrong(JsonParser p, String what) {
            return cursor.wrong(START + p.currentLocation().getByteOffset(), what);
        }
    }

    private static List<WeightSource.Entry> place(FileCursor cursor, List<Listed> listed, MemorySegment data) {
        for (Listed t : listed) checkSize(cursor, t, data.byteSize());
        List<Listed> inOrder = new ArrayList<>(listed);
        inOrder.sort(Comparator.comparingLong(Listed::from).thenComparingLong(Listed::to));
        long end = 0;
        for (Listed t : inOrder) {
            if (t.from != end) {
                throw cursor.wrong(
                        START,
                        t.what() + (t.from < end ? " overlaps the one before it" : " leaves a gap before it")
                                + ": from=" + t.from + ", the one before ends at " + end);
            }
            end = t.to;
        }
        if (end != data.byteSize()) {
            throw cursor.wrong(
                    START,
                    "the tensors do not fill the file: they end at " + end + " of " + data.byteSize()
                            + " bytes of data");
        }
        return inOrder.stream().map(t -> entry(t, data)).toList();
    }

    private static void checkSize(FileCursor cursor, Listed t, long size) {
        if (t.from > t.to || t.to > size) {
            throw cursor.wrong(
                    START,
                    t.what() + " lies outside the file: from=" + t.from + ", to=" + t.to + ", data=" + size + " bytes");
        }
        long elements = t.shape.contains(0L) ? 0 : 1;
        for (long dim : t.shape) {
            if (Math.multiplyHigh(elements, dim) != 0 || elements * dim < 0 || elements * dim > Long.MAX_VALUE / 64) {
                throw cursor.wrong(START, t.what() + " has more weights than can be counted: shape=" + t.shape);
            }
            elements *= dim;
        }
        long bits = elements * t.type.bits();
        if (bits % 8 != 0 || bits / 8 != t.to - t.from) {
            throw cursor.wrong(
                    START,
                    t.what() + " has the wrong size: shape=" + t.shape + ", dtype=" + t.type.name() + ", wanted="
                            + bits / 8 + " bytes, got=" + (t.to - t.from));
        }
    }

    private static WeightSource.Entry entry(Listed t, MemorySegment data) {
        List<Long> dims = t.shape.isEmpty() ? List.of(1L) : List.copyOf(t.shape.reversed());
        return new WeightSource.Entry(t.name, dims, t.type.ggml(), t.type.name(), data.asSlice(t.from, t.to - t.from));
    }
}
