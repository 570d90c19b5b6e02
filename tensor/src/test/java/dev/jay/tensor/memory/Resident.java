// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** What the kernel says of a segment's pages. */
public final class Resident {
    private static final Path PAGEMAP = Path.of("/proc/self/pagemap");
    private static final long PRESENT = 1L << 63;

    private Resident() {}

    /** Bytes of these whole pages that are memory of this process now; skips the test where no kernel tells. */
    public static long bytes(MemorySegment pages) {
        Assumptions.assumeTrue(Files.isReadable(PAGEMAP), "the kernel tells no page map: " + PAGEMAP);
        int count = Math.toIntExact(Math.ceilDiv(pages.byteSize(), Addresses.PAGE));
        ByteBuffer entries = ByteBuffer.allocate(8 * count).order(ByteOrder.nativeOrder());
        try (RandomAccessFile map = new RandomAccessFile(PAGEMAP.toFile(), "r")) {
            map.seek(pages.address() / Addresses.PAGE * 8);
            map.readFully(entries.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long resident = 0;
        for (int i = 0; i < count; i++) if ((entries.getLong(8 * i) & PRESENT) != 0) resident += Addresses.PAGE;
        return resident;
    }
}
