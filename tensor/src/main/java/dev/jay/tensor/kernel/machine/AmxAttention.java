// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.AttentionKernel;
import java.lang.foreign.MemorySegment;

/**
 * Attention on AMX tiles, for rows of one shape. Queries, keys, weights and values are rounded to bf16; scores, sums and
 * weights' sums are f32; with at most eight queries a head all is. What a query gets does not depend on the queries beside it, but values that are not numbers
 * reach every query of the call that could see their slot's block.
 */
final class AmxAttention implements AttentionKernel {
    private static final int ALIGNMENT = 64;
    private static final double LN2 = 0.6931471805599453;
    private static final double LOG2_E = 1.4426950408889634;
    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** The machine code of one shape. */
    record Code(MachineCode.Function begin, MachineCode.Function attend, MachineCode.Function finish) {}

    private final FewAttention few;
    private final Code code;
    private final AmxLayout layout;

    /** @param few for at most {@link FewAttention#QUERIES} queries a head */
    AmxAttention(FewAttention few, Code code, AmxLayout layout) {
        this.few = few;
        this.code = code;
        this.layout = layout;
    }

    /** One rounding to bf16 of each factor: 2^-8 for two; the powers are within 8e-5. */
    @Override
    public double bound() {
        return 0x1p-8 + 2e-4;
    }

    @Override
    public int queriesTogether() {
        return FewAttention.QUERIES;
    }

    @Override
    public long scratchBytes(Task task) {
        return Math.max(layout.bytes(task.queries), few.bytes(task)) + ALIGNMENT;
    }

    @Override
    public void run(Task task, long scratch) {
        if (task.queries < 1) return;
        long base = (scratch + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (task.queries <= FewAttention.QUERIES) few.run(task, base);
        else new Running(task, base).run();
    }

    /** One call. */
    private final class Running {
        private final Task task;
        private final long base;
        private final long records;
        private int first = Integer.MAX_VALUE; // slots [first, last) are seen by anyone
        private int last;
        private int staged;
        private long keys; // of the entry before
        private long values;

        Running(Task task, long base) {
            this.task = task;
            this.base = base;
            this.records = base + layout.records(task.queries);
        }

        void run() {
            sights();
            boolean isCapped = task.softCap != 0;
            double scale = LOG2_E * (isCapped ? 2.0 * task.scale / task.softCap : task.scale);
            long queries = base + layout.queries(task.queries);
            long sums = base + layout.sums(task.queries);
            code.begin.call(
                    task.query, 4 * task.queryStride, queries, sums, task.queries, Float.floatToRawIntBits((float)
                            scale));
            set(AmxAttentionCode.LIST, base + layout.list());
            set(AmxAttentionCode.KEY_STRIDE, task.keyRowBytes);
            set(AmxAttentionCode.VALUE_STRIDE, task.valueRowBytes);
            set(AmxAttentionCode.GROUPS, base + layout.groups());
            set(AmxAttentionCode.RECORDS, records);
            set(AmxAttentionCode.QUERIES, queries);
            set(AmxAttentionCode.SUMS, sums);
            set(AmxAttentionCode.COUNT, task.queries);
            set(AmxAttentionCode.ADJUSTED, isCapped || task.bias != 0 ? 1 : 0);
            set(AmxAttentionCode.BIAS, task.bias == 0 ? 0 : task.bias - 4L * task.fromSlot);
            set(AmxAttentionCode.CAP, isCapped ? Float.floatToRawIntBits((float) (task.softCap * LOG2_E)) : 0);
            if (first < last) attend();
            code.finish.call(task.out, 4 * task.outStride, records, sums, task.queries, 0);
            for (int i = 0; i < task.queries; i++) {
                long record = records + (long) i * AmxLayout.RECORD;
                double max = Words.real(record + AmxLayout.MAX);
                float sum = Words.real(record + AmxLayout.MAX + 4);
                Words.setReal(task.lse + 4L * i * task.lseStride, (float) (max * LN2 + StrictMath.log(sum)));
            }
        }

        private void set(int place, long value) {
            Words.set(base, place, value);
        }

        /** What each query sees, and each group at least and at most. */
        private void sights() {
            for (int i = 0; i < task.queries; i++) {
                int from = Math.max(task.fromSlot, task.visibleFrom[i]);
                int to = Math.max(from, Math.min(task.toSlot, task.visibleTo[i]));
                long record = records + (long) i * AmxLayout.RECORD;
                Words.set(record, 0, pair(from, to));
                Words.set(record, 1, Float.floatToRawIntBits(-Float.MAX_VALUE));
                Words.clear(record + AmxLayout.SUM, 64);
                if (from < to) {
                    first = Math.min(first, from);
                    last = Math.max(last, to);
                }
            }
            for (int g = 0; g * AmxLayout.PAIR < task.queries; g++) sight(g);
        }

        private void sight(int group) {
            int leastFrom = Integer.MAX_VALUE;
            int mostFrom = 0;
            int leastTo = Integer.MAX_VALUE;
            int mostTo = 0;
            int end = Math.min(task.queries, (group + 1) * AmxLayout.PAIR);
            for (int i = group * AmxLayout.PAIR; i < end; i++) {
                int from = Math.max(task.fromSlot, task.visibleFrom[i]);
                int to = Math.max(from, Math.min(task.toSlot, task.visibleTo[i]));
                leastFrom = Math.min(leastFrom, from);
                mostFrom = Math.max(mostFrom, from);
                leastTo = Math.min(leastTo, to);
                mostTo = Math.max(mostTo, to);
            }
            long at = base + layout.groups() + (long) group * AmxLayout.GROUP;
            Words.set(at, 0, pair(leastFrom, mostFrom));
            Words.set(at, 1, pair(leastTo, mostTo));
        }

        private static long pair(int low, int high) {
            return (long) high << 32 | low & 0xFFFFFFFFL;
        }

        /** Blocks end at multiples of their size, wherever the first begins: a query's bits do not depend on others. */
        private void attend() {
            int slot = first / TILE * TILE;
            while (slot < last) {
                int within = slot % AmxLayout.BLOCK;
                int most = within == 0 ? AmxLayout.CALL_TILES : (AmxLayout.BLOCK - within) / TILE;
                int entries = Math.min(most, Math.ceilDiv(last - slot, TILE));
                for (int i = 0; i < entries + AmxLayout.AHEAD; i++) entry(i, slot + i * TILE, i < entries);
                set(AmxAttentionCode.ENTRIES, entries);
                set(AmxAttentionCode.FIRST, slot);
                code.attend.call(base);
                slot += entries * TILE;
            }
        }

        /**
         * Where 32 rows are. Rows that nobody sees may hold anything: values of such are replaced by zeros. Past the last
         * there is nothing to fetch ahead but what was fetched: other addresses would be looked up in vain.
         */
        private void entry(int index, int slot, boolean isRead) {
            if (slot < last) {
                int page = slot / task.pageSlots;
                long within = slot - (long) page * task.pageSlots;
                keys = task.pages[page] + within * task.keyRowBytes;
                values = task.pages[page] + task.valuesOffset + within * task.valueRowBytes;
            }
            long at = base + layout.list() + (long) index * AmxLayout.ENTRY;
            Words.set(at, 0, keys);
            Words.set(at, 1, isRead && (slot < first || slot + TILE > last) ? stage(values, slot) : values);
        }

        private long stage(long values, int slot) {
            long to = base + layout.staged() + (long) staged++ * layout.stagedBytes();
            Words.clear(to, layout.stagedBytes());
            int from = Math.max(0, first - slot);
            int end = Math.min(TILE, last - slot);
            long offset = from * task.valueRowBytes;
            MemorySegment.copy(ALL, values + offset, ALL, to + offset, (end - from) * task.valueRowBytes);
            return to;
        }
    }
}
