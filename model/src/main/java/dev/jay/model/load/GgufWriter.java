// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.memory.PageCache;
import dev.jay.tensor.memory.WholeFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a GGUF file, version 3. Metadata and the list of tensors are given first; the bytes of each tensor are asked
 * for one tensor after the other while the file is written, so a model never lies in memory as a whole. The file appears
 * under its name only when it is complete.
 */
public final class GgufWriter {
    private static final int VERSION = 3;
    private static final long PIECE = 1L << 26; // bytes of one write

    /** Writes the bytes of one tensor, all of them, in any number of pieces. */
    public interface Content {
        void writeTo(Sink sink) throws IOException;
    }

    /** Where a tensor's bytes go. */
    public interface Sink {
        void write(MemorySegment bytes) throws IOException;
    }

    private record Planned(String name, List<Long> dims, GgmlType type, Content content) {
        long bytes() {
            return dims.stream().reduce(1L, Math::multiplyExact) / type.blockSize() * type.blockBytes();
        }
    }

    private final Map<String, byte[]> pairs = new LinkedHashMap<>(); // each value behind its type
    private final List<Planned> tensors = new ArrayList<>();
    private long alignment = GgufPart.DEFAULT_ALIGNMENT;

    /** All metadata of another file, exactly as it is there; keys already put are replaced in place. */
    public GgufWriter metadata(Gguf source) {
        source.rawMetadata().forEach((key, raw) -> pairs.put(key, raw.toArray(ValueLayout.JAVA_BYTE)));
        alignment = source.metadata().values().get(GgufPart.ALIGNMENT_KEY) instanceof Long a ? a : alignment;
        return this;
    }

    /**
     * A value as {@link Metadata} holds it: Strings, Booleans, Longs (written as 32 bits where they fit), Doubles (as
     * f32), {@code byte[]}, {@code int[]}, {@code float[]}, lists of strings. A key put again is replaced in place.
     */
    public GgufWriter put(String key, Object value) {
        Bytes out = new Bytes();
        switch (value) {
            case String v -> out.type(GgufType.STRING).text(v);
            case Boolean v -> out.type(GgufType.BOOL).i8(v ? 1 : 0);
            case Long v
            when v >= 0 && v <= 0xFFFF_FFFFL -> out.type(GgufType.U32).i32((int) (long) v);
            case Long v -> out.type(GgufType.I64).i64(v);
            case Double v -> out.type(GgufType.F32).i32(Float.floatToRawIntBits(v.floatValue()));
            case byte[] v -> {
                out.array(GgufType.U8, v.length);
                out.writeBytes(v);
            }
            case int[] v -> {
                out.array(GgufType.I32, v.length);
                for (int i : v) out.i32(i);
            }
            case float[] v -> {
                out.array(GgufType.F32, v.length);
                for (float f : v) out.i32(Float.floatToRawIntBits(f));
            }
            case List<?> v -> {
                out.array(GgufType.STRING, v.size());
                for (Object s : v) out.text((String) s);
            }
            default ->
                throw new IllegalArgumentException("metadata value of a kind that is not written: key=" + key
                        + ", class=" + value.getClass().getSimpleName());
        }
        pairs.put(key, out.toByteArray());
        return this;
    }

    public GgufWriter remove(String key) {
        pairs.remove(key);
        return this;
    }

    /** @param dims fastest first; rows must be a multiple of the type's block */
    public GgufWriter tensor(String name, List<Long> dims, GgmlType type, Content content) {
        if (dims.getFirst() % type.blockSize() != 0) {
            throw new IllegalArgumentException("tensor rows are not a multiple of the block: name=" + name + ", dims="
                    + dims + ", type=" + type.name() + ", block=" + type.blockSize());
        }
        tensors.add(new Planned(name, List.copyOf(dims), type, content));
        return this;
    }

    /** Bytes of all tensors, without the padding between them. */
    public long tensorBytes() {
        return tensors.stream().mapToLong(Planned::bytes).sum();
    }

    /** Writes to a file beside {@code out}, {@code out.part}, and moves it into place when all is there, on its disk. */
    public void write(Path out) throws IOException {
        WholeFile.write(out, this::writeAll);
        PageCache.forget(out);
    }

    private void writeAll(FileChannel file) throws IOException {
        Bytes head =
                new Bytes().i32(GgufPart.MAGIC).i32(VERSION).i64(tensors.size()).i64(pairs.size());
        pairs.forEach((key, value) -> {
            head.text(key);
            head.writeBytes(value);
        });
        long offset = 0;
        for (Planned t : tensors) {
            head.text(t.name).i32(t.dims.size());
            t.dims.forEach(head::i64);
            head.i32(t.type.number()).i64(offset);
            offset = aligned(offset + t.bytes());
        }
        head.writeBytes(new byte[(int) (aligned(head.size()) - head.size())]);
        writeFully(file, ByteBuffer.wrap(head.toByteArray()));
        for (Planned t : tensors) {
            long from = file.position();
            t.content.writeTo(bytes -> writeFully(file, bytes));
            long written = file.position() - from;
            if (written != t.bytes()) {
                throw new IllegalStateException("tensor came with the wrong number of bytes: name=" + t.name
                        + ", wanted=" + t.bytes() + ", got=" + written);
            }
            writeFully(file, ByteBuffer.allocate((int) (aligned(written) - written)));
        }
    }

    private long aligned(long at) {
        return (at + alignment - 1) & -alignment;
    }

    private static void writeFully(FileChannel file, MemorySegment bytes) throws IOException {
        for (long at = 0; at < bytes.byteSize(); at += PIECE) {
            writeFully(
                    file,
                    bytes.asSlice(at, Math.min(PIECE, bytes.byteSize() - at)).asByteBuffer());
        }
    }

    private static void writeFully(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) file.write(bytes);
    }

    /** Little-endian bytes of the head of the file. */
    private static final class Bytes extends ByteArrayOutputStream {
        Bytes type(GgufType type) {
            return i32(type.number());
        }

        Bytes array(GgufType element, long count) {
            return type(GgufType.ARRAY).type(element).i64(count);
        }

        Bytes i8(int v) {
            write(v);
            return this;
        }

        Bytes i32(int v) {
            writeBytes(ByteBuffer.allocate(Integer.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(v)
                    .array());
            return this;
        }

        Bytes i64(long v) {
            writeBytes(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(v)
                    .array());
            return this;
        }

        Bytes text(String v) {
            byte[] utf8 = v.getBytes(StandardCharsets.UTF_8);
            i64(utf8.length).writeBytes(utf8);
            return this;
        }
    }
}
