// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.asm;

/** The system's pages, but for what a test makes otherwise. */
public class PagesBut implements CodePages {
    private static final int EACCES = 13;

    private final CodePages system = CodePages.ofThisSystem();

    /** Pages that may not be executed. */
    public static CodePages notExecutable() {
        return new PagesBut() {
            @Override
            public void makeExecutable(long address, long bytes) {
                throw new MachineCodeException("executable pages refused", EACCES);
            }
        };
    }

    /** No pages at all. */
    public static CodePages none() {
        return new PagesBut() {
            @Override
            public long map(long bytes) {
                throw new MachineCodeException("mmap refused", EACCES);
            }
        };
    }

    @Override
    public long pageBytes() {
        return system.pageBytes();
    }

    @Override
    public long map(long bytes) {
        return system.map(bytes);
    }

    @Override
    public void makeExecutable(long address, long bytes) {
        system.makeExecutable(address, bytes);
    }

    @Override
    public void unmap(long address, long bytes) {
        system.unmap(address, bytes);
    }
}
