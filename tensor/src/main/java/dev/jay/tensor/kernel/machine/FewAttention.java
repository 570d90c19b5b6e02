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

    private static final double LN2 = 0.6931471805599453;
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
        private int listed; // runs

        Running(Task task, long base) {
            this.task = task;
            this.base = base;
            this.quads = FewLayout.quads(task.queries);
        }

        void run() {
            sights();
            boolean isCapped = task.softCap != 0;
            double scale = LOG2_E * (isCapped ? 2.0 * task.scale / task.softCap : task.scale);
            int scaleBits = Float.floatToRawIntBits((float) scale);
            for (int i = 0; i < task.heads * quads; i++) {
                long query = task.query + 4 * row(i) * task.queryStride;
                begin.call(query, 4 * task.queryStride, state(i), count(i), scaleBits, 0);
            }
            if (first < last) attend(isCapped);
            for (int i = 0; i < task.heads * quads; i++) finish(i);
        }

        /** The row of the first query of a quad. */
        private long row(int quad) {
            return (long) quad / quads * task.queries + (long) quad % quads * FewLayout.QUAD;
        }

        /** Queries of a quad. */
        private int count(int quad) {
            return Math.min(FewLayout.QUAD, task.queries - quad % quads * FewLayout.QUAD);
        }

        private long state(int quad) {
            return base + layout.quad(0, quads, quad);
        }

        private void finish(int quad) {
            finish.call(task.out + 4 * row(quad) * task.outStride, 4 * task.outStride, state(quad), count(quad), 0, 0);
            for (int q = 0; q < count(quad); q++) {
                double max = Words.real(state(quad) + layout.max() + 4L * q);
                float sum = Words.real(state(quad) + layout.sum() + 4L * q);
                Words.setReal(
                        task.lse + 4 * (row(quad) + q) * task.lseStride, (float) (max * LN2 + StrictMath.log(sum)));
            }
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
                for (int lane = i % FewLayout.QUAD; lane < 16; lane += FewLayout.QUAD) {
                    Words.setInt(at + 4L * lane, from);
                    Words.setInt(at + 64 + 4L * lane, to);
                }
            }
        }

        private void set(int place, long value) {
            Words.set(base, place, value);
        }

        private void attend(boolean isCapped) {
            set(FewCode.LIST, base + FewLayout.LIST);
            set(FewCode.KEY_STRIDE, task.keyRowBytes);
            set(FewCode.VALUE_STRIDE, task.valueRowBytes);
            set(FewCode.HEADS, task.heads);
            set(FewCode.HEAD_BYTES, task.headBytes);
            set(FewCode.QUADS, quads);
            set(FewCode.STATES, state(0));
            set(FewCode.SIGHTS, base + FewLayout.SIGHTS);
            set(FewCode.ALL_FROM, allFrom);
            set(FewCode.ALL_TO, allTo);
            set(FewCode.FROM, first);
            set(FewCode.TO, last);
            set(FewCode.ADJUSTED, isCapped || task.bias != 0 ? 1 : 0);
            set(FewCode.BIAS, task.bias == 0 ? 0 : task.bias - 4L * task.fromSlot);
            set(FewCode.CAP, isCapped ? Float.floatToRawIntBits((float) (task.softCap * LOG2_E)) : 0);
            int slot = first / AttentionKernel.TILE * AttentionKernel.TILE;
            while (slot < last) {
                slot = list(slot);
                set(FewCode.RUNS, listed);
                attend.call(base);
            }
        }

        /** Lists runs from a slot on, as many as there is room for, and one more to be asked for; the slot after them. */
        private int list(int from) {
            int slot = from;
            for (listed = 0; listed < FewLayout.LISTED && slot < last; listed++) slot = run(listed, slot);
            run(listed, slot < last ? slot : from); // what there is not is not asked for
            return slot;
        }

        /** A run to the end of its page, or to the last slot; the slot after it. */
        private int run(int index, int slot) {
            int page = slot / task.pageSlots;
            int within = slot - page * task.pageSlots;
            int end = Math.min(last, slot - within + task.pageSlots);
            long at = base + FewLayout.LIST + (long) index * FewLayout.RUN;
            Words.set(at, 0, task.pages[page] + within * task.keyRowBytes);
            Words.set(at, 1, task.pages[page] + task.valuesOffset + within * task.valueRowBytes);
            Words.set(at, 2, Math.ceilDiv(end - slot, AttentionKernel.TILE));
            Words.set(at, 3, slot);
            return end;
        }
    }
}
