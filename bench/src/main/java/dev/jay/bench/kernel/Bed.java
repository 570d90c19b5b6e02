// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.bench.limit.Limit;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.memory.HugePages;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/** What every measurement works with; all borrowed. Confined to one thread. */
final class Bed {
    private static final int SEED = 3;
    private static final int DISTINCT_ROWS = 64; // the rest are copies: it is the addresses that matter

    final KernelSizes sizes;
    final KernelChoice kernels;
    final List<Team> teams;
    final Scratch scratch; // of a run; taken back by whoever takes
    private final MemorySegment weights;
    private final HugePages pages;
    private final Sampler sampler;
    private final Consumer<KernelRow> rows;
    private String filled = "";

    Bed(
            KernelSizes sizes,
            KernelChoice kernels,
            List<Team> teams,
            Region weights,
            HugePages pages,
            Region room,
            Sampler sampler,
            Consumer<KernelRow> rows) {
        this.sizes = sizes;
        this.kernels = kernels;
        this.teams = teams;
        this.weights = weights.bytes();
        this.pages = pages;
        this.scratch = new Scratch(room.bytes());
        this.sampler = sampler;
        this.rows = rows;
    }

    /** The big region, as it is. */
    MemorySegment bytes() {
        return weights;
    }

    /** The big region, full of coded rows of {@code cols} random values. */
    MemorySegment rowsOf(WeightFormat format, int cols) {
        String wanted = format.name() + " " + cols;
        if (!filled.equals(wanted)) fill(weights, format, cols);
        filled = wanted;
        pages.look(System.nanoTime());
        return weights;
    }

    /** Fills bytes with coded rows, as many as there is room for; what is left over stays as it was. */
    void fill(MemorySegment to, WeightFormat format, int cols) {
        long rowBytes = format.bytesFor(cols);
        long mark = scratch.mark();
        MemorySegment row = random(cols);
        Random random = new Random(SEED);
        long whole = to.byteSize() / rowBytes * rowBytes;
        long done = 0;
        for (int r = 0; r < DISTINCT_ROWS && done < whole; r++, done += rowBytes) {
            gaussian(random, row, cols);
            format.encode(row, 0, cols, to, done);
        }
        while (done < whole) {
            long more = Math.min(done, whole - done);
            MemorySegment.copy(to, 0, to, done, more);
            done += more;
        }
        scratch.release(mark);
    }

    /** Random floats, from the scratch. */
    MemorySegment random(long count) {
        MemorySegment s = scratch.floats(count);
        gaussian(new Random(SEED), s, count);
        return s;
    }

    private static void gaussian(Random random, MemorySegment s, long count) {
        for (long i = 0; i < count; i++) Floats.set(s, i, (float) random.nextGaussian());
    }

    /**
     * Times work beside its bound and shows the row.
     *
     * @param row    what it is, but for the figures; its unit is the bound's
     * @param amount what one run does, in 1e9 bytes or operations
     */
    void measure(KernelRow row, double amount, Runnable work, Optional<Limit> bound) {
        Sampler.Timing timing = sampler.time(work, bound.map(Limit::work).orElse(null));
        rows.accept(new KernelRow(
                row.kernel(),
                row.format(),
                row.provider(),
                row.memory(),
                row.shape(),
                row.threads(),
                row.bytes(),
                timing.work(),
                amount / timing.work(),
                row.unit(),
                bound.map(limit -> limit.amount() / timing.bound()).orElse(0.0)));
    }

    /** A row that has yet to be measured. */
    static KernelRow row(
            String kernel,
            String format,
            String provider,
            String memory,
            String shape,
            Team team,
            long bytes,
            String unit) {
        return new KernelRow(kernel, format, provider, memory, shape, team.threads(), bytes, 0, 0, unit, 0);
    }

    String report() {
        return sampler.report();
    }
}
