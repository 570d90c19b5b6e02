// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where pages for code come from: the operating system, or a test that refuses. */
public interface CodePages {
    /** The system this process runs on. Where it has no such pages, {@link #map} says so. */
    static CodePages ofThisSystem() {
        return new LinuxPages();
    }

    /** Bytes of a page; code is loaded in whole pages. */
    long pageBytes();

    /**
     * Maps anonymous pages that can be written and not executed.
     *
     * @throws MachineCodeException if the system refuses
     */
    long map(long bytes);

    /**
     * Makes pages executable and no longer writable.
     *
     * @throws MachineCodeException if the system refuses
     */
    void makeExecutable(long address, long bytes);

    void unmap(long address, long bytes);

    /** Told of each function once its pages are executable. */
    default void loaded(String function, long address, int bytes) {}

    /**
     * For debugging: these pages, with the names and places of functions written to a file, as Linux perf reads them
     * ({@code /tmp/perf-PID.map}). A file that is there is replaced: it is of a process that ended.
     *
     * @throws IOException if it cannot be written
     */
    default CodePages withPerfMap(Path file) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file);
        return new PerfMap(this, file);
    }
}
