// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A file past the page cache, where the system can: what streams through memory then evicts nothing of anybody else's,
 * and is counted once. Where it cannot (a file system in memory) reads and writes are plain. Thread-safe. Owns its channel.
 */
public final class DirectFile implements AutoCloseable {
    /** Positions, lengths and addresses of {@link #read} and {@link #write} are multiples of it; no disk asks for more. */
    public static final long ALIGNMENT = 4096;

    private static final long MOST_AT_ONCE = 64 << 20;

    private final Path path;
    private final FileChannel channel;

    private DirectFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    public static DirectFile open(Path path) throws IOException {
        OpenOption direct = directOption();
        if (direct == null) return new DirectFile(path, FileChannel.open(path, StandardOpenOption.READ));
        try {
            return new DirectFile(path, FileChannel.open(path, StandardOpenOption.READ, direct));
        } catch (IOException | UnsupportedOperationException e) {
            return new DirectFile(path, FileChannel.open(path, StandardOpenOption.READ));
        }
    }

    /** A file to write and read back, gone when it is closed. Nobody else should open it. */
    public static DirectFile temporary(Path path) throws IOException {
        return made(
                path,
                List.of(
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE));
    }

    /** A file to write whole lines to, empty at first. */
    public static DirectFile create(Path path) throws IOException {
        return made(
                path,
                List.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE));
    }

    private static DirectFile made(Path path, List<OpenOption> options) throws IOException {
        OpenOption direct = directOption();
        if (direct != null) {
            try {
                List<OpenOption> more = new ArrayList<>(options);
                more.add(direct);
                return new DirectFile(path, FileChannel.open(path, more.toArray(OpenOption[]::new)));
            } catch (IOException | UnsupportedOperationException e) {
                // such as a file system in memory: plain writes then
            }
        }
        return new DirectFile(path, FileChannel.open(path, options.toArray(OpenOption[]::new)));
    }

    /** The JDK's own, by name: it lies in a module that need not be there. */
    private static OpenOption directOption() {
        try {
            for (Object option :
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants()) {
                if (option.toString().equals("DIRECT")) return (OpenOption) option;
            }
            return null;
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    /**
     * Fills the segment from a position on; what lies behind the end of the file is left as it was.
     *
     * @param least bytes that must be there; fewer are an error
     * @throws EOFException if the file ends before them
     */
    public void read(long position, MemorySegment to, long least) throws IOException {
        long done = 0;
        while (done < to.byteSize()) {
            long some = Math.min(MOST_AT_ONCE, to.byteSize() - done);
            ByteBuffer buffer = to.asSlice(done, some).asByteBuffer();
            int got = channel.read(buffer, position + done);
            if (got > 0) done += got;
            if (got <= 0 || got % ALIGNMENT != 0) break; // the end of the file
        }
        if (done < least) {
            throw new EOFException("file ends too soon: file=" + path + ", position=" + position + ", wanted=" + least
                    + " bytes, got=" + done);
        }
    }

    /** Writes the segment at a position. */
    public void write(long position, MemorySegment from) throws IOException {
        for (long done = 0; done < from.byteSize(); ) {
            long some = Math.min(MOST_AT_ONCE, from.byteSize() - done);
            done += channel.write(from.asSlice(done, some).asByteBuffer(), position + done);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
