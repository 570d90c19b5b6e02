// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * A file mapped read-only. A file that shrinks under a mapping kills a kernel that reads it, so {@link #check} is called
 * when a step begins and says so first. Owns its mapping and its open channel.
 */
public final class MappedFile implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final Region region;
    private final FileTime modified;

    private MappedFile(Path path, FileChannel channel, Region region, FileTime modified) {
        this.path = path;
        this.channel = channel;
        this.region = region;
        this.modified = modified;
    }

    static MappedFile open(Memory memory, String purpose, Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        Arena arena = Arena.ofShared();
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            if (bytes.byteSize() > 0) Addresses.ofThisSystem().adviseHuge(bytes, true); // read a quarter faster
            Region region = memory.enter(new Region(memory, purpose, arena, bytes, Region.Kind.FILE));
            return new MappedFile(path, channel, region, attributes.lastModifiedTime());
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            channel.close();
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    public MemorySegment bytes() {
        return region.bytes();
    }

    /**
     * The whole file counts against the budget from here on: it is to stay resident.
     *
     * @throws OutOfBudgetException if it does not fit
     */
    public void claim() {
        region.claim();
    }

    /** Its pages are no memory of this process from here on; what is read again comes in small pages. */
    public void letGo() {
        if (bytes().byteSize() == 0) return;
        Addresses.ofThisSystem().adviseHuge(bytes(), false);
        Addresses.ofThisSystem().giveBack(bytes());
    }

    /**
     * Fails if the file is no longer the one that was mapped.
     *
     * @throws IllegalStateException naming the file, its size or time then and now
     */
    public void check() {
        try {
            BasicFileAttributes is = Files.readAttributes(path, BasicFileAttributes.class); // both with one question
            long size = is.size();
            FileTime now = is.lastModifiedTime();
            if (size != region.size() || !now.equals(modified)) {
                throw new IllegalStateException("model file changed while in use: file=" + path + ", size was "
                        + region.size() + " is " + size + ", modified was " + modified + " is " + now);
            }
        } catch (IOException e) {
            throw new IllegalStateException("model file can no longer be read: file=" + path + ": " + e, e);
        }
    }

    @Override
    public void close() {
        region.close();
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing " + path + ": " + e, e);
        }
    }
}
