// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One GGUF file, read up to its tensors:
 * {@code [magic][version:u32][tensors:u64][pairs:u64][key, type:u32, value ...][name, dims, type, offset ...][padding][data]}.
 * Borrows the bytes.
 *
 * @param raw each value behind its type, as the file has it
 */
record GgufPart(Path path, Metadata metadata, Map<String, MemorySegment> raw, List<WeightSource.Entry> entries) {
    static final int MAGIC = 0x46554747; // "GGUF"
    static final String ALIGNMENT_KEY = "general.alignment";
    static final long DEFAULT_ALIGNMENT = 32;

    private static final int LEAST_PAIR_BYTES = 8 + 1 + 4 + 1;
    private static final int LEAST_TENSOR_BYTES = 8 + 1 + 4 + 4 + 8;
    private static final int LONGEST_NAME = 65_535;
    private static final int MOST_DIMS = 4;
    private static final int PAIR_HEAP = 200; // map nodes, slices and headers, roughly
    private static final int TENSOR_HEAP = 400;

    /** A tensor as the file lists it: {@code listedAt} is where, {@code offset} counts from the data section. */
    private record Listed(String name, List<Long> dims, GgmlType type, long bytes, long offset, long listedAt) {}

    static GgufPart read(Path path, MemorySegment bytes) {
        FileCursor cursor = new FileCursor(path, bytes);
        header(cursor);
        long tensors = cursor.count("number of tensors", LEAST_TENSOR_BYTES);
        long pairs = cursor.count("number of metadata pairs", LEAST_PAIR_BYTES);
        Map<String, Object> values = new LinkedHashMap<>();
        Map<String, MemorySegment> raw = new LinkedHashMap<>();
        GgufValues reader = new GgufValues(cursor);
        for (long i = 0; i < pairs; i++) {
            long from = cursor.at();
            String key = name(cursor, "metadata key");
            cursor.charge(PAIR_HEAP, "metadata");
            long valueAt = cursor.at();
            Object value = reader.read("value of " + MalformedModelException.shown(key));
            if (values.put(key, value) != null) {
                throw cursor.wrong(from, "metadata key comes twice: key=" + MalformedModelException.shown(key));
            }
            raw.put(key, cursor.between(valueAt, cursor.at()));
        }
        long alignment = alignment(cursor, values.get(ALIGNMENT_KEY));
        List<Listed> listed = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (long i = 0; i < tensors; i++) {
            cursor.charge(TENSOR_HEAP, "list of tensors");
            Listed tensor = tensor(cursor);
            if (!names.add(tensor.name)) {
                throw cursor.wrong(
                        tensor.listedAt, "tensor comes twice: name=" + MalformedModelException.shown(tensor.name));
            }
            listed.add(tensor);
        }
        return new GgufPart(path, new Metadata(values), raw, place(cursor, listed, bytes, alignment));
    }

    private static void header(FileCursor cursor) {
        if (cursor.remaining() < 8) {
            throw cursor.wrong(0, "too short to be a GGUF file: bytes=" + cursor.remaining());
        }
        if (cursor.i32("magic") != MAGIC) throw cursor.wrong(0, "not a GGUF file: it does not begin with 'GGUF'");
        int version = cursor.i32("version");
        if (version == 2 || version == 3) return;
        int swapped = Integer.reverseBytes(version);
        if (swapped == 2 || swapped == 3) {
            throw cursor.wrong(4, "the file is big-endian; only little-endian GGUF files are read");
        }
        throw cursor.wrong(
                4,
                "GGUF version is not supported: version=" + Integer.toUnsignedString(version) + ", supported=[2, 3]");
    }

    private static String name(FileCursor cursor, String what) {
        long from = cursor.at();
        String name = cursor.text(what, LONGEST_NAME);
        if (name.isEmpty()) throw cursor.wrong(from, what + " is empty");
        return name;
    }

    private static long alignment(FileCursor cursor, Object value) {
        if (value == null) return DEFAULT_ALIGNMENT;
        if (!(value instanceof Long a) || a <= 0 || Long.bitCount(a) != 1 || a > 1L << 31) {
            String got = value instanceof Number
                    ? value.toString()
                    : value.getClass().getSimpleName();
            throw cursor.wrong(cursor.at(), ALIGNMENT_KEY + " must be a power of two: value=" + got);
        }
        return a;
    }

    private static Listed tensor(FileCursor cursor) {
        long from = cursor.at();
        String name = name(cursor, "tensor name");
        String what = "tensor " + MalformedModelException.shown(name);
        int dimsCount = cursor.i32(what);
        if (dimsCount < 1 || dimsCount > MOST_DIMS) {
            throw cursor.wrong(
                    from,
                    what + " has the wrong number of dimensions: count=" + Integer.toUnsignedString(dimsCount)
                            + ", allowed=1 to " + MOST_DIMS);
        }
        List<Long> dims = new ArrayList<>(dimsCount);
        long weights = 1;
        for (int i = 0; i < dimsCount; i++) {
            long dim = cursor.i64(what);
            if (dim <= 0) {
                throw cursor.wrong(
                        from, what + " has a dimension that is not positive: value=" + Long.toUnsignedString(dim));
            }
            if (Math.multiplyHigh(weights, dim) != 0 || weights * dim < 0) {
                throw cursor.wrong(from, what + " has more weights than can be counted: dims=" + dims + " x " + dim);
            }
            weights *= dim;
            dims.add(dim);
        }
        GgmlType type = type(cursor, from, what, cursor.i32(what));
        if (dims.getFirst() % type.blockSize() != 0) {
            throw cursor.wrong(
                    from,
                    what + " has rows that are not a multiple of its type's block: row=" + dims.getFirst() + ", type="
                            + type.name() + ", block=" + type.blockSize());
        }
        long blocks = weights / type.blockSize();
        if (Math.multiplyHigh(blocks, type.blockBytes()) != 0 || blocks * type.blockBytes() < 0) {
            throw cursor.wrong(from, what + " has more bytes than can be counted: dims=" + dims);
        }
        return new Listed(name, List.copyOf(dims), type, blocks * type.blockBytes(), cursor.i64(what), from);
    }

    private static GgmlType type(FileCursor cursor, long from, String what, int number) {
        return GgmlType.of(number)
                .orElseThrow(() -> cursor.wrong(
                        from,
                        GgmlType.removed(number)
                                .map(old -> what + " has type " + number + ": " + old + " was removed from the format")
                                .orElse(what + " has an unknown type: type=" + Integer.toUnsignedString(number))));
    }

    private static List<WeightSource.Entry> place(
            FileCursor cursor, List<Listed> listed, MemorySegment bytes, long alignment) {
        if (listed.isEmpty()) return List.of();
        long start = (cursor.at() + alignment - 1) & -alignment;
        long size = bytes.byteSize() - start;
        if (size < 0) {
            throw cursor.wrong(
                    cursor.at(),
                    "the file ends before its tensors: data begins at " + start + ", file has " + bytes.byteSize()
                            + " bytes");
        }
        List<WeightSource.Entry> entries = new ArrayList<>(listed.size());
        for (Listed t : listed) {
            String what = "tensor " + MalformedModelException.shown(t.name);
            if (t.offset < 0 || t.offset % alignment != 0) {
                throw cursor.wrong(
                        t.listedAt,
                        what + " is not aligned: offset=" + Long.toUnsignedString(t.offset) + ", alignment="
                                + alignment);
            }
            if (t.offset > size || t.bytes > size - t.offset) {
                throw cursor.wrong(
                        t.listedAt,
                        what + " lies beyond the end of the file: offset=" + t.offset + ", bytes=" + t.bytes
                                + ", data section=" + size + " bytes");
            }
            entries.add(new WeightSource.Entry(
                    t.name, t.dims, t.type.number(), t.type.name(), bytes.asSlice(start + t.offset, t.bytes)));
        }
        rejectOverlaps(cursor, listed);
        return List.copyOf(entries);
    }

    private static void rejectOverlaps(FileCursor cursor, List<Listed> listed) {
        List<Listed> inOrder = new ArrayList<>(listed);
        inOrder.sort((a, b) -> Long.compare(a.offset, b.offset));
        for (int i = 1; i < inOrder.size(); i++) {
            Listed before = inOrder.get(i - 1);
            Listed t = inOrder.get(i);
            if (t.offset < before.offset + before.bytes) {
                throw cursor.wrong(
                        t.listedAt,
                        "tensors overlap: " + MalformedModelException.shown(before.name) + " and "
                                + MalformedModelException.shown(t.name) + " at offset " + t.offset);
            }
        }
    }
}
