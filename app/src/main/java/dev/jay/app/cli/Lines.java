// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/** The lines of a file as bytes, with where each begins; a file of any length, lines of at most so many bytes. */
final class Lines {
    private static final int BUFFER = 64 << 10;

    private final FileChannel file;
    private final int longest;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER).limit(0);
    private long position; // of the first byte not yet given out
    private long from; // of the line given out last
    private long number;
    private boolean whole;

    /** @param file borrowed, read from its beginning */
    Lines(FileChannel file, int longest) {
        this.file = file;
        this.longest = longest;
    }

    /** The next line without its end; null when there is none. */
    byte[] next() throws IOException {
        from = position;
        number++;
        whole = false;
        byte[] line = new byte[256];
        int length = 0;
        while (fill()) {
            byte b = buffer.get();
            position++;
            if (b == '\n') {
                whole = true;
                break;
            }
            if (length == longest) {
                throw new CommandException(
                        ExitCode.MALFORMED,
                        "line " + number + " is longer than allowed: at most " + longest + " bytes");
            }
            if (length == line.length) line = Arrays.copyOf(line, (int) Math.min(longest, 2L * length));
            line[length++] = b;
        }
        return position == from ? null : Arrays.copyOf(line, length);
    }

    private boolean fill() throws IOException {
        if (buffer.hasRemaining()) return true;
        buffer.clear();
        int read = file.read(buffer, position);
        buffer.flip();
        return read > 0;
    }

    /** Where the line begins that was given out last. */
    long from() {
        return from;
    }

    /** Counts from 1. */
    long number() {
        return number;
    }

    /** Whether the line given out last had its end: the last of a file may not. */
    boolean isWhole() {
        return whole;
    }
}
