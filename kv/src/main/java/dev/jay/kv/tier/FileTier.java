// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.tier;

import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.PrefixKey;
import dev.jay.kv.prefix.PrefixTier;
import dev.jay.kv.prefix.Recall;
import dev.jay.tensor.memory.Memory;
import dev.jay.tensor.memory.Region;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Prefixes in a {@link KvFile}. A stride that gives way is copied to a staging buffer and written from there by another
 * thread, in one write; the least recently used one makes room. What the file holds when it is opened can be read back.
 * Called on the engine thread; owns the file and its staging buffers; borrows the pool.
 */
public final class FileTier implements PrefixTier {
    private static final System.Logger LOG = System.getLogger(FileTier.class.getName());
    /** Of staging buffers, unless two strides need more. */
    public static final long STAGING_BYTES = 16L << 20;

    private static final int MOST_BUFFERS = 32;

    private final Recall recall;
    private final PagePool pool;
    private final Executor executor;
    private final Runnable waker;
    private final KvFile file;
    private final Region staging;
    private final Deque<MemorySegment> idle = new ArrayDeque<>();
    private final int buffers;
    private final LinkedBlockingQueue<Runnable> done = new LinkedBlockingQueue<>(); // for the engine thread
    private final Map<PrefixKey, TreeMap<int[], Slot>> chunks = new HashMap<>();
    private final TreeSet<Slot> byUse = new TreeSet<>(Comparator.comparingLong(s -> s.head.use()));
    private final Deque<Integer> empty = new ArrayDeque<>();
    private long uses;
    private int inFlight;
    private long written;
    private long read;
    private long dropped;
    private boolean failed;

    /**
     * What a file is for: whoever opens it with another is refused.
     *
     * @param identity   32 bytes: of the model, and of how its keys and values are kept
     * @param mostTokens of a stride
     * @param mostPages  of a stride
     */
    public record Format(byte[] identity, int mostTokens, int mostPages) {}

    private static final class Slot implements Chunk {
        private final int number;
        private KvFile.Head head;
        private boolean isWritten;
        private int readers;

        Slot(int number, KvFile.Head head) {
            this.number = number;
            this.head = head;
        }

        @Override
        public int[] tokens() {
            return head.tokens();
        }

        @Override
        public int pages() {
            return head.pages();
        }
    }

    /**
     * @param recall   what of it is read rather than computed again
     * @param executor runs one task after another, in order
     * @param waker    called from there when something has been read
     * @throws WrongKvFileException if the file is not for this model
     */
    public FileTier(
            Path path,
            Format format,
            long mostBytes,
            Recall recall,
            PagePool pool,
            Memory memory,
            Executor executor,
            Runnable waker)
            throws IOException {
        this.recall = recall;
        this.pool = pool;
        this.executor = executor;
        this.waker = waker;
        this.file = new KvFile(
                path, format.identity(), format.mostTokens(), format.mostPages() * pool.pageBytes(), mostBytes);
        try {
            this.buffers = Math.clamp(STAGING_BYTES / file.slotBytes(), 2, MOST_BUFFERS);
            this.staging = memory.reserve("kv-tier", buffers * file.slotBytes());
            for (int i = 0; i < buffers; i++) idle.add(staging.bytes().asSlice(i * file.slotBytes(), file.slotBytes()));
            scan();
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private void scan() throws IOException {
        int used = file.used();
        for (int i = 0; i < file.slots(); i++) {
            KvFile.Head head = i < used ? file.head(i).orElse(null) : null;
            if (head == null || head.pages() * pool.pageBytes() > file.slotBytes() - file.headBytes()) {
                empty.add(i);
                continue;
            }
            Slot slot = new Slot(i, head);
            Slot twice = following(head.before()).get(head.tokens());
            if (twice != null || byUse.contains(slot)) {
                empty.add(i);
                continue;
            }
            slot.isWritten = true;
            enter(slot);
            uses = Math.max(uses, head.use());
        }
    }

    private TreeMap<int[], Slot> following(PrefixKey before) {
        return chunks.computeIfAbsent(before, _ -> new TreeMap<>(Arrays::compare));
    }

    private void enter(Slot slot) {
        following(slot.head.before()).put(slot.head.tokens(), slot);
        byUse.add(slot);
    }

    private void forget(Slot slot) {
        byUse.remove(slot);
        TreeMap<int[], Slot> siblings = chunks.get(slot.head.before());
        if (siblings == null || siblings.get(slot.head.tokens()) != slot) return;
        siblings.remove(slot.head.tokens());
        if (siblings.isEmpty()) chunks.remove(slot.head.before());
        empty.add(slot.number);
    }

    private void used(Slot slot) {
        byUse.remove(slot);
        KvFile.Head h = slot.head;
        slot.head = new KvFile.Head(h.before(), h.tokens(), h.pages(), ++uses);
        byUse.add(slot);
    }

    @Override
    public void demote(PrefixKey before, int[] tokens, int[] pages, boolean wait) {
        takeDone();
        Slot there = chunks.containsKey(before) ? chunks.get(before).get(tokens) : null;
        if (there != null) {
            used(there);
            return;
        }
        Integer number = roomFor();
        while (number == null && wait && inFlight > 0) {
            awaitDone();
            number = roomFor();
        }
        if (number == null) {
            dropped++;
            return;
        }
        MemorySegment buffer = idle.remove();
        long at = file.headBytes();
        for (int page : pages) {
            MemorySegment.copy(pool.bytes(page), 0, buffer, at, pool.pageBytes());
            at += pool.pageBytes();
        }
        Slot slot = new Slot(number, new KvFile.Head(before, tokens.clone(), pages.length, ++uses));
        enter(slot);
        write(slot, buffer, at - file.headBytes());
    }

    private void write(Slot slot, MemorySegment buffer, long payload) {
        KvFile.Head head = slot.head;
        inFlight++;
        executor.execute(() -> {
            IOException problem = null;
            try {
                file.write(slot.number, head, buffer, payload);
            } catch (IOException e) {
                problem = e;
            }
            IOException told = problem;
            done.add(() -> {
                inFlight--;
                idle.add(buffer);
                slot.isWritten = true;
                if (told == null) written++;
                else failed(slot, told);
            });
        });
    }

    private void failed(Slot slot, IOException e) {
        forget(slot);
        dropped++;
        if (!failed) LOG.log(System.Logger.Level.WARNING, "the kv file cannot be written to; it is only read now", e);
        failed = true;
    }

    /** A slot that nobody needs, where a buffer is idle; the least recently used one gives way. Null if there is none. */
    private Integer roomFor() {
        if (idle.isEmpty() || failed) return null;
        if (empty.isEmpty()) {
            for (Slot slot : byUse) {
                if (!slot.isWritten || slot.readers > 0) continue;
                forget(slot);
                break;
            }
        }
        return empty.poll();
    }

    @Override
    public Chunk find(PrefixKey before, int... following) {
        takeDone();
        TreeMap<int[], Slot> siblings = chunks.get(before);
        if (siblings == null) return null;
        Slot best = null;
        int most = 0;
        // in their order, the one with most in common is the one before or the one after
        for (Map.Entry<int[], Slot> e :
                Arrays.asList(siblings.floorEntry(following), siblings.ceilingEntry(following))) {
            if (e == null || !e.getValue().isWritten) continue;
            int differ = Arrays.mismatch(e.getKey(), following);
            int common = differ < 0 ? following.length : differ;
            if (common > most) {
                best = e.getValue();
                most = common;
            }
        }
        return best;
    }

    @Override
    public Reading read(Chunk chunk) {
        Slot slot = (Slot) chunk;
        takeDone();
        if (idle.isEmpty()) return null;
        MemorySegment buffer = idle.remove();
        KvFile.Head head = slot.head;
        long payload = head.pages() * pool.pageBytes();
        slot.readers++;
        inFlight++;
        Slice slice = new Slice(buffer.asSlice(file.headBytes(), payload), buffer);
        executor.execute(() -> {
            boolean sound = false;
            try {
                sound = file.read(slot.number, head, buffer, payload);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.WARNING, "the kv file cannot be read", e);
            }
            boolean believed = sound;
            done.add(() -> {
                inFlight--;
                slot.readers--;
                slice.isSound = believed;
                slice.isThere = true;
                if (slice.isClosed) idle.add(buffer);
                if (believed) {
                    read++;
                    if (byUse.contains(slot)) used(slot);
                } else {
                    dropped++;
                    forget(slot);
                }
            });
            waker.run();
        });
        return slice;
    }

    private final class Slice implements Reading {
        private final MemorySegment bytes;
        private final MemorySegment buffer;
        private boolean isThere;
        private boolean isSound;
        private boolean isClosed;

        Slice(MemorySegment bytes, MemorySegment buffer) {
            this.bytes = bytes;
            this.buffer = buffer;
        }

        @Override
        public boolean isDone() {
            takeDone();
            return isThere;
        }

        @Override
        public MemorySegment bytes() {
            return isSound ? bytes : null;
        }

        @Override
        public void close() {
            if (!isClosed && isThere) idle.add(buffer);
            isClosed = true; // where it is still being read, the buffer comes back when it has been
        }
    }

    private void takeDone() {
        for (Runnable r; (r = done.poll()) != null; ) r.run();
    }

    private void awaitDone() {
        boolean interrupted = false;
        for (boolean taken = false; !taken; ) {
            try {
                done.take().run();
                taken = true;
            } catch (InterruptedException e) {
                interrupted = true; // what is under way uses memory of ours; it ends soon
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    @Override
    public Recall recall() {
        return recall;
    }

    @Override
    public Stats stats() {
        takeDone();
        return new Stats(file.bytes(), byUse.size(), written, read, dropped);
    }

    @Override
    public void close() {
        takeDone();
        while (inFlight > 0) awaitDone();
        if (idle.size() != buffers) {
            throw new IllegalStateException("kv tier: buffers still held: " + (buffers - idle.size()));
        }
        staging.close();
        try {
            file.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the kv file did not close cleanly", e);
        }
    }
}
