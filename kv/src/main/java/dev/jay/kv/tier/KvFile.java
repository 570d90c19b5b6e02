// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.tier;

import dev.jay.kv.prefix.PrefixKey;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A file of strides of keys and values, one a slot, all slots alike (CacheGen's container of independent chunks, without its
 * codec). Little-endian:
 *
 * <pre>
 * file:  [magic:8][version:4][head bytes of a slot:4][slot bytes:8][identity:32][crc:4] ... 4096
 * slot:  [magic:4][tokens:4][pages:4][payload bytes:8][use:8][key before:16][payload crc:4][head crc:4][tokens: 4 each] ...
 *        [pages, one after another]
 * </pre>
 *
 * A slot is written in one write, and believed only if both sums are right: one that was half written when the process was
 * killed, or when the machine was, is empty. One process at a time. The file is readable by its owner only: it holds what
 * prompts say. Slots are numbered from 0.
 */
final class KvFile implements AutoCloseable {
    static final int VERSION = 1;
    static final int IDENTITY_BYTES = 32;
    private static final int BLOCK = 4096;
    private static final long MAGIC = 0x31_56_4b_59_41_4a_0d_0aL; // "\n\rJAYKV1"
    private static final int SLOT_MAGIC = 0x54_4f_4c_53;
    private static final int SLOT_FIXED = 60; // before the tokens
    private static final int PAYLOAD_CRC = 44;
    private static final int HEAD_CRC = 48;
    private static final int LAST_FIXED = 52; // 8 bytes of zeros follow

    private final FileChannel file;
    private final Path path;
    private final int headBytes;
    private final long slotBytes;
    private final int slots;

    /** What the head of a slot says. */
    record Head(PrefixKey before, int[] tokens, int pages, long use) {}

    /**
     * @param identity     of the model and of how its keys and values are kept: {@link #IDENTITY_BYTES} bytes
     * @param mostTokens   of a stride
     * @param payloadBytes the most bytes of a stride's pages
     * @param mostBytes    of the file; what is beyond is cut off
     * @throws WrongKvFileException if it was not made for this
     */
    KvFile(Path path, byte[] identity, int mostTokens, long payloadBytes, long mostBytes) throws IOException {
        this.path = path;
        this.headBytes = ceil(SLOT_FIXED + 4L * mostTokens);
        this.slotBytes = (long) headBytes + ceil(payloadBytes);
        this.slots = Math.toIntExact(Math.min(Integer.MAX_VALUE, (mostBytes - BLOCK) / slotBytes));
        if (identity.length != IDENTITY_BYTES || slots < 1 || slotBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("kv file " + path + ": bytes=" + mostBytes + ", allowed: at least "
                    + (BLOCK + slotBytes) + " (one stride of " + mostTokens + " tokens)");
        }
        this.file = open(path);
        try {
            ByteBuffer wanted = head(identity);
            if (file.size() == 0) writeAll(wanted, 0);
            else check(wanted);
            long most = BLOCK + slots * slotBytes;
            if (file.size() > most) file.truncate(most);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static FileChannel open(Path path) throws IOException {
        if (Files.notExists(path)
                && path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            try {
                Files.createFile(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            } catch (java.nio.file.FileAlreadyExistsException e) {
                // by another process, which will hold its lock
            }
        }
        FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = file.tryLock();
        if (lock == null) {
            file.close();
            throw new WrongKvFileException(path, "another process uses it");
        }
        return file;
    }

    private static int ceil(long bytes) {
        return Math.toIntExact((bytes + BLOCK - 1) / BLOCK * BLOCK);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer head(byte[] identity) {
        ByteBuffer head = buffer(BLOCK).putLong(MAGIC).putInt(VERSION).putInt(headBytes);
        head.putLong(slotBytes).put(identity);
        return head.putInt(crc(head.duplicate().flip())).clear();
    }

    private void check(ByteBuffer wanted) throws IOException {
        ByteBuffer found = buffer(BLOCK);
        if (!readAll(found, 0) || found.getLong(0) != MAGIC) throw new WrongKvFileException(path, "it is no kv file");
        if (found.getInt(8) != VERSION) {
            throw new WrongKvFileException(path, "version=" + found.getInt(8) + ", this Jay's=" + VERSION);
        }
        if (!found.equals(wanted)) {
            throw new WrongKvFileException(
                    path, "it was written for another model, or with other --kv, --quality or --kernels");
        }
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return (int) sum.getValue();
    }

    int slots() {
        return slots;
    }

    long slotBytes() {
        return slotBytes;
    }

    /** Where the pages begin in the bytes of a slot. */
    int headBytes() {
        return headBytes;
    }

    /** Slots that may hold something, from the first on. */
    int used() throws IOException {
        return (int) Math.min(slots, Math.max(0, file.size() - BLOCK) / slotBytes + 1);
    }

    long bytes() {
        try {
            return file.size();
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Writes a slot.
     *
     * @param bytes {@link #slotBytes} of them, the pages from {@link #headBytes} on; the head is filled in here
     */
    void write(int slot, Head head, MemorySegment bytes, long payloadBytes) throws IOException {
        ByteBuffer all = bytes.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int payload = Math.toIntExact(payloadBytes);
        all.putInt(SLOT_MAGIC).putInt(head.tokens().length).putInt(head.pages()).putLong(payload);
        all.putLong(head.use())
                .putLong(head.before().high())
                .putLong(head.before().low());
        all.putInt(PAYLOAD_CRC, crc(all.slice(headBytes, payload)));
        all.putInt(HEAD_CRC, 0).putLong(LAST_FIXED, 0);
        all.position(SLOT_FIXED);
        for (int token : head.tokens()) all.putInt(token);
        all.putInt(HEAD_CRC, crc(all.slice(0, all.position())));
        writeAll(all.clear().limit(headBytes + payload), at(slot));
    }

    private long at(int slot) {
        return BLOCK + slot * slotBytes;
    }

    /** What a slot says that it holds; empty if it holds nothing that can be believed. */
    Optional<Head> head(int slot) throws IOException {
        ByteBuffer head = buffer(headBytes);
        if (!readAll(head, at(slot))) return Optional.empty();
        return believed(head);
    }

    private Optional<Head> believed(ByteBuffer head) {
        int tokens = head.getInt(4);
        int pages = head.getInt(8);
        long payload = head.getLong(12);
        boolean sound = head.getInt(0) == SLOT_MAGIC
                && tokens > 0
                && pages > 0
                && tokens <= (headBytes - SLOT_FIXED) / 4
                && payload > 0
                && payload <= slotBytes - headBytes;
        if (!sound) return Optional.empty();
        ByteBuffer summed = buffer(SLOT_FIXED + 4 * tokens).put(head.slice(0, SLOT_FIXED + 4 * tokens));
        if (crc(summed.putInt(HEAD_CRC, 0).flip()) != head.getInt(HEAD_CRC)) return Optional.empty();
        int[] all = new int[tokens];
        for (int i = 0; i < tokens; i++) all[i] = head.getInt(SLOT_FIXED + 4 * i);
        return Optional.of(new Head(new PrefixKey(head.getLong(28), head.getLong(36)), all, pages, head.getLong(20)));
    }

    /** Reads a slot's pages to {@code bytes}, from {@link #headBytes} on. False if they are not what was written. */
    boolean read(int slot, Head wanted, MemorySegment bytes, long payloadBytes) throws IOException {
        ByteBuffer all = bytes.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN).limit(headBytes + (int) payloadBytes);
        if (!readAll(all, at(slot))) return false;
        Optional<Head> found = believed(all);
        return found.isPresent()
                && found.get().before().equals(wanted.before())
                && Arrays.equals(found.get().tokens(), wanted.tokens())
                && found.get().pages() == wanted.pages()
                && all.getLong(12) == payloadBytes
                && crc(all.slice(headBytes, (int) payloadBytes)) == all.getInt(PAYLOAD_CRC);
    }

    private boolean readAll(ByteBuffer into, long at) throws IOException {
        int from = into.position();
        while (into.hasRemaining()) {
            if (file.read(into, at + into.position() - from) < 0) return false;
        }
        into.flip();
        return true;
    }

    private void writeAll(ByteBuffer from, long at) throws IOException {
        int begin = from.position();
        while (from.hasRemaining()) file.write(from, at + from.position() - begin);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
