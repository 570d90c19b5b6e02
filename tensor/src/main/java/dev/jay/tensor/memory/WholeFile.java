// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Files that are there whole or not at all: written beside their place, put on the disk, then moved there. What fails
 * leaves what was there before, and nothing beside it.
 */
public final class WholeFile {
    private static final AtomicLong WRITTEN = new AtomicLong();

    private WholeFile() {}

    /** What a file is to hold. */
    public interface Content {
        void writeTo(FileChannel out) throws IOException;
    }

    /** A large file, by way of {@link #partOf}: what a killed process left there is written over by the next. */
    public static void write(Path file, Content content) throws IOException {
        Set<OpenOption> over =
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
        complete(partOf(file), over, file, content);
    }

    /** A small file, which several processes may write at once: one of theirs stays. */
    public static void write(Path file, byte[] bytes) throws IOException {
        Path part = beside(file, "." + ProcessHandle.current().pid() + "-" + WRITTEN.incrementAndGet() + ".part");
        ByteBuffer all = ByteBuffer.wrap(bytes);
        Content content = out -> {
            while (all.hasRemaining()) out.write(all);
        };
        complete(part, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), file, content);
    }

    /** Where a large file lies until it is complete. */
    public static Path partOf(Path file) {
        return beside(file, ".part");
    }

    private static Path beside(Path file, String ending) {
        return file.resolveSibling(file.getFileName() + ending);
    }

    private static void complete(Path part, Set<OpenOption> how, Path file, Content content) throws IOException {
        try {
            try (FileChannel out = FileChannel.open(part, how)) {
                content.writeTo(out);
                out.force(true);
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException | RuntimeException | Error e) {
            Files.deleteIfExists(part);
            throw e;
        }
    }
}
