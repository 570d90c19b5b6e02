// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.memory.DirectFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A run at the end of a step, in one file: [magic][step][length of the run's text][text][bytes of each part][parts][CRC-32C
 * of all before]. {@link CheckpointWriter} writes it: it appears under its name only when it is complete and on the disk,
 * so a run that is killed at any moment finds the last complete one.
 */
final class Checkpoint {
    private static final long MAGIC = 0x314B43454B59414AL; // JAYKECK1
    private static final int PIECE = 1 << 24; // bytes of one read or write
    private static final int MOST_TEXT = 1 << 16;
    private static final int HEAD = 8 + 4 + 4;

    private Checkpoint() {}

    /**
     * All that stands before the parts. The text ends in so many spaces that the first part's bytes lie in the lines of a
     * disk as they lie in those of memory.
     *
     * @throws IllegalArgumentException if the text is too long
     */
    static ByteBuffer head(int step, String run, List<MemorySegment> parts) {
        byte[] text = run.getBytes(StandardCharsets.UTF_8);
        long most = MOST_TEXT - DirectFile.ALIGNMENT;
        if (text.length > most) {
            throw new IllegalArgumentException("checkpoint: text=" + text.length + " bytes, allowed: " + most);
        }
        long plain = HEAD + text.length + 8L * parts.size();
        int spaces = (int) Math.floorMod(parts.getFirst().address() - plain, DirectFile.ALIGNMENT);
        ByteBuffer head = ByteBuffer.allocate((int) plain + spaces).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(MAGIC).putInt(step).putInt(text.length + spaces).put(text);
        for (int i = 0; i < spaces; i++) head.put((byte) ' ');
        for (MemorySegment s : parts) head.putLong(s.byteSize());
        return head.flip();
    }

    /**
     * Fills the parts.
     *
     * @param run whose it must be; null for any whose parts have the same sizes
     * @return the step it was written after
     * @throws IOException if it is not a checkpoint of this run, whole and unchanged; then the parts hold anything
     */
    static int read(Path file, String run, List<MemorySegment> parts) throws IOException {
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            CRC32C sum = new CRC32C();
            ByteBuffer head = get(file, in, sum, HEAD);
            if (head.getLong() != MAGIC) throw broken(file, "it is no checkpoint of Jay");
            int step = head.getInt();
            int length = head.getInt();
            if (step < 0 || length < 0 || length > MOST_TEXT) {
                throw broken(file, "step=" + step + ", text=" + length + " bytes, most " + MOST_TEXT);
            }
            String text = StandardCharsets.UTF_8
                    .decode(get(file, in, sum, length))
                    .toString()
                    .stripTrailing();
            if (run != null && !text.equals(run.stripTrailing())) throw new OtherRunException(file, run, text);
            ByteBuffer sizes = get(file, in, sum, 8 * parts.size());
            for (MemorySegment s : parts) {
                long size = sizes.getLong();
                if (size == s.byteSize()) continue;
                if (run == null) throw new OtherRunException(file, "the same shape and optimizer", text);
                throw broken(file, "part of " + size + " bytes, wanted " + s.byteSize());
            }
            for (MemorySegment s : parts) {
                for (long at = 0; at < s.byteSize(); at += PIECE) {
                    int count = (int) Math.min(PIECE, s.byteSize() - at);
                    s.asSlice(at, count).copyFrom(MemorySegment.ofBuffer(get(file, in, sum, count)));
                }
            }
            long wanted = sum.getValue();
            long got = get(file, in, new CRC32C(), 8).getLong();
            if (wanted != got)
                throw broken(file, "checksum=" + Long.toHexString(got) + ", wanted " + Long.toHexString(wanted));
            return step;
        }
    }

    private static ByteBuffer get(Path file, FileChannel in, CRC32C sum, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (in.read(bytes) < 0) throw broken(file, "it ends at byte " + in.position());
        }
        sum.update(bytes.flip().duplicate());
        return bytes;
    }

    /** The file may well be whole, but it belongs to another recipe. */
    static final class OtherRunException extends IOException {
        OtherRunException(Path file, String wanted, String got) {
            super("checkpoint " + file + " cannot be used: it is of another run: wanted " + wanted + ", got " + got);
        }
    }

    private static IOException broken(Path file, String why) {
        return new IOException("checkpoint " + file + " cannot be used: " + why);
    }
}
