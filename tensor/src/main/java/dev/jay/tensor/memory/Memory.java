// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;

/**
 * The one owner of off-heap bytes. Everything off-heap is a {@link Region} of some Memory, with a purpose; purposes are
 * the rows of every report. The books tell addresses (reserved) from memory (committed). A {@link Range} takes its memory
 * late but is promised all of it, so what was granted once is never refused in the middle of a step: committed bytes are
 * at most the promised ones, and those at most the budget. Mapped files are listed and count only where they are claimed:
 * their pages are the file's, and the kernel may drop them. Thread-safe.
 */
public final class Memory implements AutoCloseable {
    /** What a huge page of the usual machines holds. */
    public static final long HUGE_PAGE = 2 << 20;

    private static final AtomicLong LIVE = new AtomicLong(); // all Memories of this process, for the leak check

    private final long budget;
    private final HugePages hugePages = HugePages.ofThisProcess();
    private final Set<Region> open = new HashSet<>();
    private final Map<String, Account> accounts = new TreeMap<>();
    private long promised;
    private long used;
    private long peak;

    private Memory(long budget) {
        this.budget = budget;
    }

    public static Memory withBudget(long bytes) {
        return new Memory(bytes);
    }

    /** How this process's pages lie. */
    public HugePages hugePages() {
        return hugePages;
    }

    /** Bytes that every open region reserves, mapped ones too, of every Memory of this process. */
    public static long liveBytes() {
        return LIVE.get();
    }

    /**
     * Zeroed bytes, aligned to 4096, all in the books at once. The caller owns the region and closes it.
     *
     * @throws OutOfBudgetException if they do not fit the budget, or the machine has no room
     */
    public synchronized Region reserve(String purpose, long bytes) {
        checkRoom(purpose, bytes);
        Arena arena = Arena.ofShared();
        MemorySegment segment = mapped(Addresses.ofThisSystem(), purpose, bytes, arena);
        return enter(new Region(this, purpose, arena, segment, Region.Kind.WHOLE));
    }

    /**
     * Addresses for so many bytes, promised in full and in the books as they are committed, block by block.
     *
     * @param blockBytes a multiple of 4096; a multiple of {@link #HUGE_PAGE} asks for huge pages
     * @throws OutOfBudgetException if all of them together do not fit the budget, or the machine has no room
     */
    public synchronized Range range(String purpose, long bytes, long blockBytes) {
        return range(purpose, bytes, blockBytes, Addresses.ofThisSystem());
    }

    synchronized Range range(String purpose, long bytes, long blockBytes, Addresses addresses) {
        checkRoom(purpose, bytes);
        return Range.of(this, addresses, purpose, bytes, blockBytes);
    }

    /**
     * Bytes that the caller has mapped itself, such as executable pages, entered in the books as anonymous memory.
     * Closing the region closes the arena, which is to unmap them; if they do not fit the budget the arena is left open.
     */
    public synchronized Region adopt(String purpose, Arena arena, MemorySegment bytes) {
        checkRoom(purpose, bytes.byteSize());
        return enter(new Region(this, purpose, arena, bytes, Region.Kind.WHOLE));
    }

    /** A whole file, read-only, mapped and never copied. The caller owns the region and closes it. */
    public synchronized MappedFile map(String purpose, Path file) throws IOException {
        return MappedFile.open(this, purpose, file);
    }

    private void checkRoom(String purpose, long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("reserve " + purpose + ": bytes must not be negative: " + bytes);
        }
        if (bytes <= budget - promised) return;
        throw new OutOfBudgetException("out of off-heap budget: purpose=" + purpose + ", wanted=" + bytes + ", free="
                + (budget - promised) + ", budget=" + budget + ", held=" + reservedByPurpose());
    }

    /** Closes the arena if the machine has no room. */
    static MemorySegment mapped(Addresses addresses, String purpose, long bytes, Arena arena) {
        try {
            return addresses.map(bytes, arena);
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new OutOfBudgetException(
                    "the machine has no room: purpose=" + purpose + ", wanted=" + bytes + ": " + e);
        }
    }

    synchronized Region enter(Region region) {
        open.add(region);
        account(region).reserve(region.size());
        promised += region.promised();
        LIVE.addAndGet(region.size());
        count(region, region.committed());
        return region;
    }

    synchronized void claim(Region file) {
        if (file.promised() > 0) return;
        checkRoom(file.purpose(), file.size());
        file.setClaimed();
        promised += file.promised();
        commit(file, file.size());
    }

    synchronized void commit(Region region, long bytes) {
        region.addCommitted(bytes);
        count(region, bytes);
    }

    private void count(Region region, long bytes) {
        account(region).commit(bytes);
        used += bytes;
        peak = Math.max(peak, used);
    }

    private Account account(Region region) {
        return accounts.computeIfAbsent(region.purpose(), _ -> new Account());
    }

    /** Frees first: bytes that are still there, or that cannot be freed now, stay in the books. */
    synchronized void release(Region region, Arena arena) {
        if (!open.contains(region)) throw new IllegalStateException("region closed twice: purpose=" + region.purpose());
        arena.close();
        open.remove(region);
        count(region, -region.committed());
        account(region).reserve(-region.size());
        promised -= region.promised();
        LIVE.addAndGet(-region.size());
    }

    public long budget() {
        return budget;
    }

    /** Bytes that are memory now: committed, claimed files among them. */
    public synchronized long used() {
        return used;
    }

    /** Bytes that may become memory without asking again, claimed files among them; {@link #budget} bounds them. */
    public synchronized long promised() {
        return promised;
    }

    /** The most bytes that were memory at once. */
    public synchronized long peakBytes() {
        return peak;
    }

    /** The most bytes of memory each purpose ever held. */
    public synchronized Map<String, Long> peakByPurpose() {
        Map<String, Long> peaks = new TreeMap<>();
        accounts.forEach((purpose, account) -> peaks.put(purpose, account.peak()));
        return peaks;
    }

    /** Bytes that are memory now, by purpose; a purpose with addresses alone, or files nobody claimed, shows 0. */
    public synchronized Map<String, Long> byPurpose() {
        return open(Account::committed);
    }

    /** Bytes of addresses held now, by purpose: what {@link #byPurpose} can come to without asking again. */
    public synchronized Map<String, Long> reservedByPurpose() {
        return open(Account::reserved);
    }

    private Map<String, Long> open(ToLongFunction<Account> column) {
        Map<String, Long> rows = new TreeMap<>();
        accounts.forEach((purpose, account) -> {
            if (!account.isEmpty()) rows.put(purpose, column.applyAsLong(account));
        });
        return rows;
    }

    /** Closing with regions still open is a bug of their owner; it is named, not forgiven. */
    @Override
    public synchronized void close() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("memory closed with regions still open: " + reservedByPurpose());
        }
    }
}
