// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The one owner of off-heap bytes. Everything off-heap is a {@link Region} of some Memory, with a purpose; purposes are
 * the rows of every report. Anonymous bytes count against the budget. Mapped files are listed but do not: their pages
 * are the file's, and the kernel may drop them. Thread-safe.
 */
public final class Memory implements AutoCloseable {
    private static final long ALIGNMENT = 64; // a cache line, and the widest vector we load
    private static final AtomicLong LIVE = new AtomicLong(); // all Memories of this process, for the leak check

    private final long budget;
    private final List<Region> open = new ArrayList<>();
    private final Map<String, Long> peaks = new TreeMap<>();
    private long used;
    private long peak;

    private Memory(long budget) {
        this.budget = budget;
    }

    public static Memory withBudget(long bytes) {
        return new Memory(bytes);
    }

    /** Bytes held by every open region, mapped ones too, of every Memory of this process. */
    public static long liveBytes() {
        return LIVE.get();
    }

    /** Zeroed bytes, aligned to 64. The caller owns the region and closes it. */
    public synchronized Region reserve(String purpose, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("reserve " + purpose + ": bytes must not be negative: " + bytes);
        }
        if (bytes > budget - used) throw refused(purpose, bytes);
        Arena arena = Arena.ofShared();
        MemorySegment segment;
        try {
            segment = arena.allocate(bytes, ALIGNMENT);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new OutOfBudgetException(
                    "the machine has no room: purpose=" + purpose + ", wanted=" + bytes + ": " + e);
        }
        return enter(new Region(this, purpose, arena, segment, false));
    }

    /**
     * Bytes that the caller has mapped itself, such as executable pages, entered in the books as anonymous memory.
     * Closing the region closes the arena, which is to unmap them; if they do not fit the budget the arena is left open.
     */
    public synchronized Region adopt(String purpose, Arena arena, MemorySegment bytes) {
        if (bytes.byteSize() > budget - used) throw refused(purpose, bytes.byteSize());
        return enter(new Region(this, purpose, arena, bytes, false));
    }

    /** A whole file, read-only, mapped and never copied. The caller owns the region and closes it. */
    public synchronized MappedFile map(String purpose, Path file) throws IOException {
        return MappedFile.open(this, purpose, file);
    }

    private OutOfBudgetException refused(String purpose, long bytes) {
        return new OutOfBudgetException("out of off-heap budget: purpose=" + purpose + ", wanted=" + bytes + ", free="
                + (budget - used) + ", budget=" + budget + ", held=" + byPurpose());
    }

    synchronized Region enter(Region region) {
        open.add(region);
        if (!region.isMapped()) used += region.size();
        LIVE.addAndGet(region.size());
        peak = Math.max(peak, used);
        long held = open.stream()
                .filter(r -> r.purpose().equals(region.purpose()))
                .mapToLong(Region::size)
                .sum();
        peaks.merge(region.purpose(), held, Math::max);
        return region;
    }

    /** Frees first: bytes that are still there, or that cannot be freed now, stay in the books. */
    synchronized void release(Region region, Arena arena) {
        if (!open.contains(region)) throw new IllegalStateException("region closed twice: purpose=" + region.purpose());
        arena.close();
        open.remove(region);
        if (!region.isMapped()) used -= region.size();
        LIVE.addAndGet(-region.size());
    }

    public long budget() {
        return budget;
    }

    /** Anonymous bytes held now. */
    public synchronized long used() {
        return used;
    }

    /** The most anonymous bytes ever held at once. */
    public synchronized long peakBytes() {
        return peak;
    }

    /** The most bytes each purpose ever held, mapped ones too. */
    public synchronized Map<String, Long> peakByPurpose() {
        return new TreeMap<>(peaks);
    }

    /** Bytes held now, mapped ones too, by purpose. */
    public synchronized Map<String, Long> byPurpose() {
        Map<String, Long> held = new TreeMap<>();
        for (Region r : open) held.merge(r.purpose(), r.size(), Long::sum);
        return held;
    }

    /** Closing with regions still open is a bug of their owner; it is named, not forgiven. */
    @Override
    public synchronized void close() {
        if (!open.isEmpty()) throw new IllegalStateException("memory closed with regions still open: " + byPurpose());
    }
}
