// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Writes a {@link Checkpoint} from where its parts lie, past the page cache: nothing may change them until {@link #write}
 * returns. Whole lines go straight from a part to the disk; what shares a line with something else goes through a little
 * room, and so does a part that does not lie in memory as in the file (those of a {@link Trainer} do). Owns that room
 * (purpose {@code train-checkpoint}).
 */
final class CheckpointWriter implements AutoCloseable {
    /** Of memory, whatever the parts. */
    static final long ROOM = 1 << 18;

    private static final long LINE = DirectFile.ALIGNMENT;
    private static final long PIECE = 1 << 24; // bytes that are summed, then written
    private static final ValueLayout.OfLong TAIL = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String run;
    private final List<MemorySegment> parts;
    private final Region region;
    private final Runnable pace;

    /**
     * @param parts what a checkpoint keeps: the same bytes each time; borrowed
     * @param pace  told before each piece is read, on the thread that writes
     * @throws IllegalArgumentException if the run's text is too long
     */
    CheckpointWriter(String run, List<MemorySegment> parts, Memory memory, Runnable pace) {
        this.run = run;
        this.parts = parts;
        this.pace = pace;
        Checkpoint.head(0, run, parts); // whether it can be written is known before a step is taken
        this.region = memory.reserve("train-checkpoint", ROOM);
    }

    /** Appears under its name once it is complete and on the disk. */
    void write(int step, Path to) throws IOException {
        WholeFile.write(to, out -> {
            try (DirectFile file = DirectFile.create(WholeFile.partOf(to))) {
                Lines lines = new Lines(file);
                lines.put(MemorySegment.ofBuffer(Checkpoint.head(step, run, parts)));
                for (MemorySegment part : parts) lines.put(part);
                MemorySegment tail = MemorySegment.ofArray(new byte[(int) TAIL.byteSize()]);
                tail.set(TAIL, 0, lines.sum.getValue());
                lines.put(tail);
                out.truncate(lines.end());
            }
        });
    }

    @Override
    public void close() {
        region.close();
    }

    /** Bytes one behind the other, as whole lines of a file. */
    private final class Lines {
        private final MemorySegment room = region.bytes();
        private final CRC32C sum = new CRC32C();
        private final DirectFile file;
        private long written; // whole lines
        private long waiting; // bytes of the room that come next

        Lines(DirectFile file) {
            this.file = file;
        }

        void put(MemorySegment bytes) throws IOException {
            for (long done = 0; done < bytes.byteSize(); ) {
                MemorySegment rest = bytes.asSlice(done);
                boolean ready = waiting == 0 && rest.isNative() && rest.address() % LINE == 0;
                done += ready && rest.byteSize() >= LINE ? straight(rest) : gathered(rest);
            }
        }

        private long straight(MemorySegment rest) throws IOException {
            pace.run();
            MemorySegment piece = rest.asSlice(0, Math.min(PIECE, rest.byteSize() / LINE * LINE));
            sum.update(piece.asByteBuffer());
            file.write(written, piece);
            written += piece.byteSize();
            return piece.byteSize();
        }

        /** Up to where what follows can go straight, or until the room is full. */
        private long gathered(MemorySegment rest) throws IOException {
            pace.run();
            boolean meets = (rest.address() - waiting) % LINE == 0;
            long count = Math.min(rest.byteSize(), meets ? LINE - waiting % LINE : ROOM - waiting);
            MemorySegment copy = room.asSlice(waiting, count).copyFrom(rest.asSlice(0, count));
            sum.update(copy.asByteBuffer());
            waiting += count;
            if (waiting == ROOM || meets && waiting % LINE == 0) flush();
            return count;
        }

        private void flush() throws IOException {
            long whole = Math.ceilDiv(waiting, LINE) * LINE;
            file.write(written, room.asSlice(0, whole));
            written += whole;
            waiting = 0;
        }

        /** Bytes put, all of them in the file; what its last line has more is nothing. */
        long end() throws IOException {
            long end = written + waiting;
            flush();
            return end;
        }
    }
}
