// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.simulate;

import dev.jay.engine.Forward;
import dev.jay.engine.SequenceCache;
import dev.jay.kv.pool.PagePool;
import dev.jay.kv.prefix.Stride;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A Forward that computes nothing and takes its time on a clock of its own: the engine above it, its policies, promises and
 * prefix index are the real ones, and so are the pages' books (a page holds 64 bytes here).
 */
final class ClockForward implements Forward {
    private static final int PAGE_BYTES = 64;

    private final PagePool pool;
    private final Simulation.Machine machine;
    private final MemorySegment logits;
    long now; // nanoseconds

    ClockForward(Memory memory, Simulation.Machine machine) {
        this.pool = new PagePool(memory, machine.pages(), PAGE_BYTES);
        this.machine = machine;
        this.logits = MemorySegment.ofArray(new float[mostRows() * vocabulary()]);
    }

    private final class Cache implements SequenceCache {
        private final List<Integer> pages = new ArrayList<>();
        private int length;

        void append(int count) {
            length += count;
            while (pages.size() * machine.pageTokens() < length) pages.add(pool.lease());
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public int strideTokens() {
            return machine.pageTokens();
        }

        @Override
        public Stride stride(int index) {
            return new Stride(
                    Math.min(machine.pageTokens(), length - index * machine.pageTokens()),
                    new int[] {pages.get(index)});
        }

        @Override
        public void adopt(Stride stride, int tokens) {
            if (tokens < machine.pageTokens()) { // rows are copied
                append(tokens);
                return;
            }
            pool.retain(stride.pages()[0]);
            pages.add(stride.pages()[0]);
            length += tokens;
        }

        @Override
        public void replace(int index, Stride same) {
            pool.retain(same.pages()[0]);
            pool.release(pages.set(index, same.pages()[0]));
        }

        @Override
        public void close() {
            pages.forEach(pool::release);
            pages.clear();
        }
    }

    @Override
    public int vocabulary() {
        return Trace.ANSWER + 1;
    }

    @Override
    public int mostTokens() {
        return machine.stepTokens();
    }

    @Override
    public int mostRows() {
        return machine.stepTokens();
    }

    @Override
    public PagePool pool() {
        return pool;
    }

    @Override
    public int pagesFor(int tokens, Numerics numerics) {
        return Math.ceilDiv(tokens, machine.pageTokens());
    }

    @Override
    public int strideTokens(Numerics numerics) {
        return machine.pageTokens();
    }

    @Override
    public SequenceCache open(Numerics numerics) {
        return new Cache();
    }

    @Override
    public MemorySegment run(Numerics numerics, List<Slice> slices) {
        int tokens = 0;
        for (Slice s : slices) {
            ((Cache) s.cache()).append(s.count());
            tokens += s.count();
        }
        now += machine.stepNanos() + tokens * machine.tokenNanos();
        return logits;
    }

    @Override
    public void close() {
        pool.close();
    }
}
