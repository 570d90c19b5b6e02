// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.data;

import dev.jay.tensor.format.Floats;
import dev.jay.tensor.memory.MappedFile;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Tokens on the disk: [magic:i64][width:i32][vocabulary:i32][tokens:i64][key:i64][32 bytes of zeros][tokens], little
 * endian; a token has {@code width} bytes, 2 where the vocabulary is of at most 2^16. Mapped, never copied: a text of any
 * length takes no memory of the budget.
 */
final class TokenFile {
    static final int HEAD = 64;

    private static final long MAGIC = 0x314B4F5459414AL; // JAYTOK1
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private TokenFile() {}

    /**
     * @param key what the tokens were made of; a file made of anything else is made again
     * @param bytes of the tokens, without the head
     */
    record Opened(MappedFile file, MemorySegment bytes, int width, int vocabulary, long count, long key) {}

    static int widthOf(int vocabulary) {
        return vocabulary <= 1 << 16 ? 2 : 4;
    }

    /** @throws IOException if it is none, or not whole */
    static Opened open(Path path, Memory memory) throws IOException {
        MappedFile file = memory.map("train-data", path);
        try {
            MemorySegment all = file.bytes();
            if (all.byteSize() < HEAD || all.get(LONG, 0) != MAGIC) throw broken(path, "no token file of Jay");
            int width = all.get(Floats.INT, 8);
            int vocabulary = all.get(Floats.INT, 12);
            long count = all.get(LONG, 16);
            if (vocabulary < 1 || width != widthOf(vocabulary) || count < 0 || count > Long.MAX_VALUE / 8) {
                throw broken(path, "width=" + width + ", vocabulary=" + vocabulary + ", tokens=" + count);
            }
            if (all.byteSize() != HEAD + width * count) {
                throw broken(path, "bytes=" + all.byteSize() + ", wanted " + (HEAD + width * count));
            }
            return new Opened(file, all.asSlice(HEAD), width, vocabulary, count, all.get(LONG, 24));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static IOException broken(Path path, String why) {
        return new IOException("token file " + path + " cannot be used: " + why);
    }

    /** Writes one; it appears under its name when it is complete. */
    static final class Writer implements AutoCloseable {
        private final Path path;
        private final Path part;
        private final FileChannel out;
        private final int vocabulary;
        private final int width;
        private final long key;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
        private long count;
        private boolean done;

        Writer(Path path, int vocabulary, long key) throws IOException {
            this.path = path;
            this.part = path.resolveSibling(path.getFileName() + ".part");
            this.vocabulary = vocabulary;
            this.width = widthOf(vocabulary);
            this.key = key;
            this.out = FileChannel.open(
                    part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
            buffer.position(HEAD); // zeros: no file until the end
        }

        void add(int token) throws IOException {
            if (token < 0 || token >= vocabulary) {
                throw new IllegalArgumentException(
                        "writing " + path + ": token=" + token + ", vocabulary=" + vocabulary);
            }
            if (buffer.remaining() < width) flush();
            if (width == 2) buffer.putShort((short) token);
            else buffer.putInt(token);
            count++;
        }

        long count() {
            return count;
        }

        private void flush() throws IOException {
            buffer.flip();
            while (buffer.hasRemaining()) out.write(buffer);
            buffer.clear();
        }

        /** Completes it. */
        void finish() throws IOException {
            flush();
            buffer.putLong(MAGIC)
                    .putInt(width)
                    .putInt(vocabulary)
                    .putLong(count)
                    .putLong(key);
            out.position(0);
            flush();
            out.force(true);
            out.close();
            Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            done = true;
        }

        @Override
        public void close() throws IOException {
            out.close();
            if (!done) Files.deleteIfExists(part);
        }
    }
}
