// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.app.http.Batch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * The answers to a batch, a line each, only ever appended to. What is there when it is opened says what need not be done
 * again; a last line that was cut off while it was written is taken away. One process at a time. Thread-safe.
 */
final class BatchOutput implements AutoCloseable {
    private static final int LONGEST = 256 << 20;

    private final FileChannel file;
    private final FileLock lock;
    private final Set<String> answered = new HashSet<>();

    BatchOutput(Path path) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            lock = file.tryLock();
            if (lock == null) throw new CommandException(ExitCode.FAILED, "another process writes to " + path);
            long end = read(path);
            file.truncate(end);
            file.position(end);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Returns where the last whole line ends. */
    private long read(Path path) throws IOException {
        Lines lines = new Lines(file, LONGEST);
        for (byte[] line; (line = lines.next()) != null; ) {
            if (!lines.isWhole()) return lines.from();
            String id = Batch.answered(line);
            if (id == null || !answered.add(id)) {
                throw new CommandException(
                        ExitCode.MALFORMED,
                        path + ", line " + lines.number() + ": "
                                + (id == null ? "not an answer to a batch" : "answers custom_id '" + id + "' again")
                                + "; name another file for the answers, or a new one");
            }
        }
        return file.size();
    }

    /** What was there when it was opened. */
    Set<String> answered() {
        return answered;
    }

    /** In one write: whoever kills the process leaves the line whole, absent, or cut off at the end of the file. */
    synchronized void append(byte[] line) throws IOException {
        ByteBuffer all =
                ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').flip();
        while (all.hasRemaining()) file.write(all);
    }

    @Override
    public void close() throws IOException {
        file.force(false);
        file.close(); // and with it the lock
    }
}
