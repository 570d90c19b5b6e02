// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.tensor.kernel.Workers;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The yardstick: adds up every byte of a segment, in order, and does nothing else. */
final class PlainRead {
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    private static final int CHUNK = 1 << 20;

    private final MemorySegment bytes;
    private final Workers workers;
    private final long[] sums;

    PlainRead(MemorySegment bytes, Workers workers) {
        this.bytes =
                MemorySegment.ofAddress(bytes.address()).reinterpret(bytes.byteSize()); // alive as long as its owner
        this.workers = workers;
        this.sums = new long[workers.count() * 16];
    }

    double gigabytesPerSecond(int samples) {
        double[] all = new double[samples];
        int chunks = (int) (bytes.byteSize() / CHUNK);
        for (int i = -2; i < samples; i++) {
            long begin = System.nanoTime();
            workers.run(chunks, (chunk, worker) -> sums[worker * 16] += sum(chunk * (long) CHUNK));
            if (i >= 0) all[i] = chunks * (double) CHUNK / (System.nanoTime() - begin);
        }
        Arrays.sort(all);
        return all[samples / 2];
    }

    private long sum(long from) {
        LongVector a = LongVector.zero(LONGS);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        int step = LONGS.vectorByteSize();
        for (int i = 0; i < CHUNK; i += 4 * step) {
            a = a.add(at(from + i));
            b = b.add(at(from + i + step));
            c = c.add(at(from + i + 2L * step));
            d = d.add(at(from + i + 3L * step));
        }
        return a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
    }

    private LongVector at(long offset) {
        return LongVector.fromMemorySegment(LONGS, bytes, offset, ByteOrder.LITTLE_ENDIAN);
    }
}
