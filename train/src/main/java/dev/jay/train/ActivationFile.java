// SPDX-License-Identifier: Apache-2.0
package dev.jay.train;

import dev.jay.tensor.memory.DirectFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Activations of blocks that wait in a file for the way back (SSDTrain: Wu and others 2024). Three rooms in memory, in
 * turn: a block fills one while the one before is written; on the way back the last three are still there, and each other
 * is read while the block two above it is worked on. A block saves each of its tensors once and no weights, so nothing is
 * written twice. Owns its file, which is gone when it is closed, and a thread; borrows the rooms. One caller at a time.
 */
final class ActivationFile implements AutoCloseable {
    private static final int ROOMS = 3;
    private static final long LINE = DirectFile.ALIGNMENT;

    private final DirectFile file;
    private final MemorySegment[] rooms = new MemorySegment[ROOMS];
    private final long each;
    private final long taken;
    private final int[] holds = new int[ROOMS]; // which block's activations are there, or will be when pending is done
    private final long[] sizes;
    private final CompletableFuture<?>[] pending = new CompletableFuture<?>[ROOMS];
    private final ExecutorService thread = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("jay-activations").factory());
    private long written;

    private ActivationFile(DirectFile file, MemorySegment bytes, long most, int blocks) {
        this.file = file;
        this.each = lines(most);
        this.taken = roomBytes(most);
        this.sizes = new long[blocks];
        long from = lines(bytes.address()) - bytes.address();
        for (int i = 0; i < ROOMS; i++) rooms[i] = bytes.asSlice(from + i * each, each);
        Arrays.fill(holds, -1);
        Arrays.fill(pending, CompletableFuture.completedFuture(null));
    }

    /** @param bytes at least {@link #roomBytes} at their beginning */
    static ActivationFile in(Path folder, MemorySegment bytes, long most, int blocks) {
        try {
            return new ActivationFile(DirectFile.temporary(folder.resolve("activations.part")), bytes, most, blocks);
        } catch (IOException e) {
            throw new UncheckedIOException("activations cannot be kept in " + folder + ": " + e.getMessage(), e);
        }
    }

    private static long lines(long bytes) {
        return Math.ceilDiv(bytes, LINE) * LINE;
    }

    /** Bytes of memory for blocks that save at most so many. */
    static long roomBytes(long most) {
        return ROOMS * lines(most) + LINE;
    }

    long roomBytes() {
        return taken;
    }

    /** Where a block puts what it saves, once what was there is on the disk. */
    MemorySegment toFill(int block, long bytes) {
        int room = block % ROOMS;
        await(room);
        holds[room] = block;
        sizes[block] = lines(bytes);
        return rooms[room].asSlice(0, bytes);
    }

    /** Begins to write what a block saved. */
    void filled(int block) {
        int room = block % ROOMS;
        MemorySegment bytes = rooms[room].asSlice(0, sizes[block]);
        written += bytes.byteSize();
        start(room, () -> file.write(block * each, bytes));
    }

    /** What a block saved; the next but one below begins to be read. Blocks come in reverse order. */
    MemorySegment filledBefore(int block) {
        int room = block % ROOMS;
        if (holds[room] != block) read(block);
        if (block >= ROOMS - 1) prefetch(block - (ROOMS - 1), block);
        await(room);
        return rooms[room];
    }

    /** The room of the block above, which has been worked on, is free for the one two below. */
    private void prefetch(int wanted, int current) {
        int room = wanted % ROOMS;
        if (holds[room] > current) read(wanted);
    }

    private void read(int block) {
        int room = block % ROOMS;
        holds[room] = block;
        MemorySegment bytes = rooms[room].asSlice(0, sizes[block]);
        start(room, () -> file.read(block * each, bytes, bytes.byteSize())); // behind what is being written from there
    }

    private interface Work {
        void run() throws IOException;
    }

    private void start(int room, Work work) {
        pending[room] = CompletableFuture.runAsync(
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                thread);
    }

    private void await(int room) {
        try {
            pending[room].join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw new UncheckedIOException("activations: " + io.getCause().getMessage(), io.getCause());
            }
            throw e;
        }
    }

    /** Bytes that went to the disk: it wears. */
    long written() {
        return written;
    }

    @Override
    public void close() {
        thread.close();
        try {
            file.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
