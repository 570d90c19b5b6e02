// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.memory.DirectFile;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A {@link Checkpoint}'s file as it lies in memory: parts are copied into it, and it is written past the page cache, which
 * costs the steps beside it little. Owns its bytes (purpose {@code train-snapshot}).
 */
final class CheckpointImage implements AutoCloseable {
    private static final long LINE = DirectFile.ALIGNMENT;
    private static final int PIECE = 1 << 24; // bytes that are summed at once
    private static final ValueLayout.OfLong TAIL = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Region room;
    private final MemorySegment file; // whole lines; its last bytes may be behind the end
    private final List<MemorySegment> parts;
    private final String run;
    private final long length; // of the file

    /** @param parts what a checkpoint keeps: the same bytes each time; borrowed */
    CheckpointImage(String run, List<MemorySegment> parts, Memory memory) {
        this.run = run;
        this.parts = parts;
        this.room = memory.reserve("train-snapshot", bytes(Checkpoints.bytes(parts), parts.size()));
        this.length = Checkpoint.headBytes(run, parts.size()) + Checkpoints.bytes(parts) + TAIL.byteSize();
        this.file = room.bytes().asSlice(-room.bytes().address() & (LINE - 1), Math.ceilDiv(length, LINE) * LINE);
    }

    /** Of memory, for so many bytes of parts. */
    static long bytes(long bytes, int parts) {
        return Math.ceilDiv(Checkpoint.mostHeadBytes(parts) + bytes + TAIL.byteSize(), LINE) * LINE + LINE;
    }

    /** The parts as they are after a step. */
    void take(int step) {
        ByteBuffer head = Checkpoint.head(step, run, parts);
        long at = head.remaining();
        file.asSlice(0, at).copyFrom(MemorySegment.ofBuffer(head));
        for (MemorySegment part : parts) {
            file.asSlice(at, part.byteSize()).copyFrom(part);
            at += part.byteSize();
        }
    }

    /** Appears under its name once it is complete and on the disk. */
    void write(Path to) throws IOException {
        long summed = length - TAIL.byteSize();
        CRC32C sum = new CRC32C();
        for (long at = 0; at < summed; at += PIECE) {
            sum.update(file.asSlice(at, Math.min(PIECE, summed - at)).asByteBuffer());
        }
        file.set(TAIL, summed, sum.getValue());
        WholeFile.write(to, out -> {
            try (DirectFile lines = DirectFile.create(WholeFile.partOf(to))) {
                lines.write(0, file);
            }
            out.truncate(length);
        });
    }

    @Override
    public void close() {
        room.close();
    }
}
