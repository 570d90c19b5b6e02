// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.limit;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** What some threads of this machine can do at most. Borrows the code and the threads. */
public final class Limits {
    /** Bytes of a working set that lies in the second-level cache of every CPU there is code for. */
    public static final long L2_BYTES = 512 << 10;

    private static final long CHUNK = 1 << 20; // handed to a thread at once
    private static final long SLICE = 32 << 20; // of memory, read in one run: some milliseconds
    private static final int PARTS = 4; // to a thread
    private static final int PASSES = 4; // over the cache's working set in one part

    private final LimitCode code;
    private final Workers workers;
    private final long[] sums; // so that a sum in Java is not found to be needless

    public Limits(LimitCode code, Workers workers) {
        this.code = code;
        this.workers = workers;
        this.sums = new long[workers.count() * 16];
    }

    /** Reads one slice after the other of bytes that are many more than any cache holds; begins again at the end. */
    public Limit memory(MemorySegment bytes) {
        long slice = Math.min(SLICE, bytes.byteSize() / CHUNK * CHUNK);
        long slices = bytes.byteSize() / slice;
        long[] next = {0};
        return new Limit("GB/s", slice / 1e9, () -> {
            long from = next[0]++ % slices * slice;
            workers.run(
                    (int) (slice / CHUNK), (chunk, worker) -> read(bytes, from + chunk * CHUNK, CHUNK, true, worker));
        });
    }

    /** Reads the first {@link #L2_BYTES}, every thread all of them, again and again. */
    public Limit cache(MemorySegment bytes) {
        long each = Math.min(L2_BYTES, bytes.byteSize() / PlainRead.ROUND * PlainRead.ROUND);
        int parts = workers.count() * PARTS;
        return new Limit(
                "GB/s",
                each * PASSES * parts / 1e9,
                () -> workers.run(parts, (part, worker) -> {
                    for (int pass = 0; pass < PASSES; pass++) read(bytes, 0, each, false, worker);
                }));
    }

    /** As many of an instruction as all threads can do; empty where the CPU has none, or no machine code can run. */
    public Optional<Limit> peak(Peak peak) {
        int parts = workers.count() * PARTS;
        return code.peak(peak).map(loaded -> {
            int rounds = loaded.loop().rounds();
            return new Limit(
                    "GFLOP/s",
                    parts * loaded.loop().giga(),
                    () -> workers.run(
                            parts, (part, worker) -> loaded.function().call(rounds, code.tileShapes(), 0, 0, 0, 0)));
        });
    }

    private void read(MemorySegment bytes, long from, long count, boolean isMemory, int worker) {
        Optional<MachineCode.Function> reader = code.reader(isMemory);
        if (reader.isPresent()) reader.get().call(bytes.address() + from, count, 0, 0, 0, 0);
        else sums[worker * 16] += PlainRead.inJava(bytes.asSlice(from, count));
    }
}
