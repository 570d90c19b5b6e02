// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.MachineCode;
import dev.jay.tensor.kernel.AttentionKernel;

/** Attention in machine code, for rows of one shape: a call for each page, with every query in it. */
public final class MachineAttention implements AttentionKernel {
    private static final int ALIGNMENT = 64;
    private static final long NOTHING_YET = 0xFF7FFFFFL; // the least float; above it, a sum of 0

    private final MachineCode.Function attend;
    private final MachineCode.Function finish;
    private final int lanes;
    private final boolean adds;
    private final boolean isFloat;

    /**
     * @param attend  takes the arguments of {@link AttentionCode}
     * @param finish  out, its stride, records, queries, width: what was gathered, divided by its sum
     * @param lanes   floats of a register: rows are decoded to whole ones
     * @param adds    whether {@code attend} adds to what is in out from the first slot on
     * @param isFloat whether keys and values are f32, which is nowhere better than where it lies
     */
    public MachineAttention(
            MachineCode.Function attend, MachineCode.Function finish, int lanes, boolean adds, boolean isFloat) {
        this.attend = attend;
        this.finish = finish;
        this.lanes = lanes;
        this.adds = adds;
        this.isFloat = isFloat;
    }

    /** Bytes of a decoded row. */
    public static int rowBytes(int width, int lanes) {
        return Math.ceilDiv(width, lanes) * lanes * Float.BYTES;
    }

    /** Where the parts of the working space are; the arguments come first. */
    private static long weights(long scratch) {
        return (scratch + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + Words.BYTES;
    }

    private static long tileKeys(long scratch) {
        return weights(scratch) + TILE * Float.BYTES;
    }

    private long tileValues(Task task, long scratch) {
        return tileKeys(scratch) + (long) TILE * rowBytes(task.keyWidth, lanes);
    }

    private long records(Task task, long scratch) {
        return tileValues(task, scratch) + (long) TILE * rowBytes(task.valueWidth, lanes);
    }

    @Override
    public long scratchBytes(Task task) {
        return records(task, 0) + (long) task.queries * AttentionCode.RECORD + ALIGNMENT;
    }

    @Override
    public void run(Task task, long scratch) {
        if (task.queries < 1) return;
        long args = weights(scratch) - Words.BYTES;
        long records = records(task, scratch);
        for (int i = 0; i < task.queries; i++) {
            Words.set(records, 2 * i, (long) task.visibleTo[i] << 32 | task.visibleFrom[i] & 0xFFFFFFFFL);
            Words.set(records, 2 * i + 1, NOTHING_YET);
            if (adds) Words.clear(task.out + 4L * i * task.outStride, 4L * task.valueWidth);
        }
        fill(task, args, scratch);
        for (int slot = task.fromSlot; slot < task.toSlot; ) {
            int page = slot / task.pageSlots;
            int end = (int) Math.min(task.toSlot, (page + 1L) * task.pageSlots);
            long within = slot - (long) page * task.pageSlots;
            Words.set(args, AttentionCode.KEYS, task.pages[page] + within * task.keyRowBytes);
            Words.set(args, AttentionCode.VALUES, task.pages[page] + task.valuesOffset + within * task.valueRowBytes);
            long after = end < task.toSlot ? task.pages[page + 1] : task.pages[page];
            Words.set(args, AttentionCode.NEXT_KEYS, after);
            Words.set(args, AttentionCode.NEXT_VALUES, after + task.valuesOffset);
            Words.set(args, AttentionCode.FIRST, slot);
            Words.set(args, AttentionCode.END, end);
            attend.call(args);
            slot = end;
        }
        finish.call(task.out, 4 * task.outStride, records, task.queries, task.valueWidth, 0);
        for (int i = 0; i < task.queries; i++) {
            float max = Words.real(records + (long) i * AttentionCode.RECORD + AttentionCode.MAX);
            float sum = Words.real(records + (long) i * AttentionCode.RECORD + AttentionCode.SUM);
            // strict: the same bits from interpreted and compiled code
            Words.setReal(task.lse + 4L * i * task.lseStride, (float) (max + StrictMath.log(sum)));
        }
    }

    private void fill(Task task, long args, long scratch) {
        Words.set(args, AttentionCode.QUERY, task.query);
        Words.set(args, AttentionCode.QUERY_STRIDE, 4 * task.queryStride);
        Words.set(args, AttentionCode.OUT, task.out);
        Words.set(args, AttentionCode.OUT_STRIDE, 4 * task.outStride);
        Words.set(args, AttentionCode.RECORDS, records(task, scratch));
        Words.set(args, AttentionCode.QUERIES, task.queries);
        Words.set(args, AttentionCode.KEY_STRIDE, task.keyRowBytes);
        Words.set(args, AttentionCode.VALUE_STRIDE, task.valueRowBytes);
        Words.set(args, AttentionCode.TILE_KEYS, tileKeys(scratch));
        Words.set(args, AttentionCode.TILE_VALUES, tileValues(task, scratch));
        Words.set(args, AttentionCode.WEIGHTS, weights(scratch));
        Words.set(args, AttentionCode.SCALE, Float.floatToRawIntBits(task.scale));
        Words.set(args, AttentionCode.CAP, task.softCap == 0 ? 0 : Float.floatToRawIntBits(task.softCap));
        Words.set(args, AttentionCode.TWO_BY_CAP, Float.floatToRawIntBits(2 / task.softCap));
        Words.set(args, AttentionCode.ADJUSTED, task.softCap != 0 || task.bias != 0 ? 1 : 0);
        Words.set(args, AttentionCode.BIAS, task.bias == 0 ? 0 : task.bias - 4L * task.fromSlot);
        Words.set(args, AttentionCode.KEY_SHARE, Math.ceilDiv(TILE * task.keyRowBytes, task.queries));
        Words.set(args, AttentionCode.VALUE_SHARE, Math.ceilDiv(TILE * task.valueRowBytes, task.queries));
        Words.set(args, AttentionCode.DIRECT, isFloat || task.queries == 1 ? 1 : 0);
    }
}
