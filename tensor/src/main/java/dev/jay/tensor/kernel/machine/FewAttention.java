// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.AttentionKernel.Task;
import java.util.Set;

/**
 * Attention of at most {@link #QUERIES} queries a KV head, in float32, for rows of one shape: see {@link FewCode}. Rows of
 * several heads that share pages are read in the order they lie in. What a query gets does not depend on the queries
 * beside it, nor on the other heads.
 */
final class FewAttention {
    /** The most queries of a head. */
    static final int QUERIES = FewLayout.QUAD * FewLayout.MOST_QUADS;

    private static final double LOG2_E = 1.4426950408889634;

    private final FewLayout layout;
    private final MachineCode.Function begin;
    private final MachineCode.Function attend;
    private final MachineCode.Function finish;

    private FewAttention(FewLayout layout, MachineCode.Function[] code) {
        this.layout = layout;
        this.begin = code[0];
        this.attend = code[1];
        this.finish = code[2];
    }

    static FewAttention load(
            MachineCode code, String name, KvLoad keys, KvLoad values, FewLayout layout, Set<String> features) {
        return new FewAttention(layout, new MachineCode.Function[] {
            code.load("attend-few-begin-" + name, FewEnds.begin(layout, features)),
            code.load("attend-few-" + name, FewCode.build(keys, values, layout, features)),
            code.load("attend-few-end-" + name, FewEnds.finish(layout, features))
        });
    }

    long bytes(Task task) {
        return layout.bytes(task.heads, Math.min(task.queries, QUERIES));
    }

    /** @param base of so many bytes, at a multiple of 64 */
    void run(Task task, long base) {
        new Running(task, base).run();
    }

    /** One call. */
    private final class Running {
        private final Task task;
        private final long base;
        private final int quads;
        private int first = Integer.MAX_VALUE; // slots [first, last) are seen by anyone
        private int last;
        private int allFrom; // slots that everyone sees
        private int allTo = Integer.MAX_VALUE;

        Running(Task task, long base) {
            this.task = task;
            this.base = base;
            this.quads = FewLayout.quads(task.queries);
        }

        void run() {
            sights();
            boolean isCapped = task.softCap != 0;
            double scale = LOG2_E * (isCapped ? 2.0 * task.scale / task.softCap : task.scale);
            long states = base + FewLayout.STATES;
            set(FewEnds.QUADS, states);
            set(FewEnds.HEADS, task.heads);
            set(FewEnds.QUERIES, task.queries);
            set(FewEnds.ROWS, task.query);
            set(FewEnds.STRIDE, 4 * task.queryStride);
            set(FewEnds.SCALE, Float.floatToRawIntBits((float) scale));
            begin.call(base);
            if (first < last) attend(isCapped, states);
            set(FewEnds.QUADS, states);
            set(FewEnds.HEADS, task.heads);
            set(FewEnds.QUERIES, task.queries);
            set(FewEnds.ROWS, task.out);
            set(FewEnds.STRIDE, 4 * task.outStride);
            set(FewEnds.LSE, task.lse);
            set(FewEnds.LSE_STRIDE, 4 * task.lseStride);
            finish.call(base);
        }

        /** What each query sees; those that are not there see what the first does. */
        private void sights() {
            for (int i = 0; i < quads * FewLayout.QUAD; i++) {
                int query = i < task.queries ? i : 0;
                int from = Math.max(task.fromSlot, task.visibleFrom[query]);
                int to = Math.max(from, Math.min(task.toSlot, task.visibleTo[query]));
                allFrom = Math.max(allFrom, from);
                allTo = Math.min(allTo, to);
                if (from < to) {
                    first = Math.min(first, from);
                    last = Math.max(last, to);
                }
                long at = base + FewLayout.SIGHTS + (long) i / FewLayout.QUAD * FewLayout.SIGHT;
                Words.setInt(at + i % FewLayout.QUAD * 4L, from);
                Words.setInt(at + i % FewLayout.QUAD * 4L + 16, to);
            }
        }

        private void set(int place, long value) {
            Words.set(base, place, value);
        }

        private void attend(boolean isCapped, long states) {
            set(FewCode.LIST, base + FewLayout.LIST);
            set(FewCode.KEY_STRIDE, task.keyRowBytes);
            set(FewCode.VALUE_STRIDE, task.valueRowBytes);
            set(FewCode.HEADS, task.heads);
            set(FewCode.HEAD_BYTES, task.headBytes);
            set(FewCode.QUADS, quads);
            set(FewCode.STATES, states);
            set(FewCode.SIGHTS, base + FewLayout.SIGHTS);
            set(FewCode.ALL_FROM, allFrom);
            set(FewCode.ALL_TO, allTo);
            set(FewCode.FROM, first);
            set(FewCode.TO, last);
            set(FewCode.ADJUSTED, isCapped || task.bias != 0 ? 1 : 0);
            set(FewCode.BIAS, task.bias == 0 ? 0 : task.bias - 4L * task.fromSlot);
            set(FewCode.CAP, isCapped ? Float.floatToRawIntBits((float) (task.softCap * LOG2_E)) : 0);
            set(FewCode.PAGE_ENTRIES, task.pageSlots / AttentionKernel.TILE);
            set(FewCode.VALUES_OFFSET, task.valuesOffset);
            int slot = first / AttentionKernel.TILE * AttentionKernel.TILE;
            set(FewCode.SLOT, slot);
            int lastPage = (last - 1) / task.pageSlots;
            while (slot < last) {
                int page = slot / task.pageSlots;
                int count = Math.min(lastPage + 1 - page, FewLayout.LISTED);
                int end = (int) Math.min(last, (long) (page + count) * task.pageSlots);
                list(page, count, Math.min(page + count, lastPage));
                set(FewCode.SKIPPED, (slot - page * task.pageSlots) / AttentionKernel.TILE);
                set(FewCode.ENTRIES, Math.ceilDiv(end - slot, AttentionKernel.TILE));
                attend.call(base);
                slot = end;
            }
        }

        /** Some pages and the one after them; there is nothing behind the last: it stands there once more. */
        private void list(int page, int count, int next) {
            Words.copy(task.pages, page, count, base + FewLayout.LIST);
            Words.copy(task.pages, next, 1, base + FewLayout.LIST + (long) count * Long.BYTES);
        }
    }
}
