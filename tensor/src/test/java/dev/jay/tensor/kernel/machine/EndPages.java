// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.CodePages;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Memory with nothing mapped behind it: a read or write past its end ends the JVM. Closing gives it back; it may go on. */
final class EndPages implements AutoCloseable {
    private record Pages(long address, long bytes) {}

    private static final CodePages SYSTEM = CodePages.ofThisSystem();

    private final List<Pages> mapped = new ArrayList<>();

    /** Bytes that end where a mapping ends, or as near to it as the alignment lets them. */
    MemorySegment atEnd(long bytes, long alignment) {
        long page = SYSTEM.pageBytes();
        long room = Math.ceilDiv(Math.max(bytes, 1), page) * page;
        long address = SYSTEM.map(room + page);
        SYSTEM.unmap(address + room, page);
        mapped.add(new Pages(address, room));
        return MemorySegment.ofAddress((address + room - bytes) / alignment * alignment)
                .reinterpret(bytes);
    }

    @Override
    public void close() {
        for (Pages p : mapped) SYSTEM.unmap(p.address, p.bytes);
        mapped.clear();
    }
}
