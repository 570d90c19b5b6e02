// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

/** Where pages for code come from: the operating system, or a test that refuses. */
public interface CodePages {
    /** The system this process runs on. */
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
}
