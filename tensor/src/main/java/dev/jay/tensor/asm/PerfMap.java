// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Pages whose functions are written down: a line {@code START LENGTH NAME} each, numbers in hex. */
record PerfMap(CodePages pages, Path file) implements CodePages {
    @Override
    public long pageBytes() {
        return pages.pageBytes();
    }

    @Override
    public long map(long bytes) {
        return pages.map(bytes);
    }

    @Override
    public void makeExecutable(long address, long bytes) {
        pages.makeExecutable(address, bytes);
    }

    @Override
    public void unmap(long address, long bytes) {
        pages.unmap(address, bytes);
    }

    @Override
    public void loaded(String function, long address, int bytes) {
        try {
            String line = Long.toHexString(address) + " " + Integer.toHexString(bytes) + " jay::" + function + "\n";
            Files.writeString(file, line, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("appending to perf map " + file, e);
        }
    }
}
