// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/**
 * Attention of some queries over the rows of one KV head, with streaming softmax. A leaf over raw addresses. Slots are
 * worked on in tiles that start at multiples of {@link #TILE} slots, so what a query gets does not depend on where a
 * prompt was cut, nor, in exact numerics, on the queries beside it. In fast numerics few queries may be summed in
 * another order than many.
 */
public interface AttentionKernel {
    int TILE = 32;

    /** Floats behind the last slot's bias that may be read, and may be anything. */
    int BIAS_ROOM = 128;

    /** Bytes of working space for one call. */
    long scratchBytes(Task task);

    void run(Task task, long scratch);

    /** The most queries of a head with which it takes several heads in one call, and is the faster for it; 0: it never does. */
    default int queriesTogether() {
        return 0;
    }

    /**
     * The stated bound, beyond float32's own rounding. A score is off by at most bound * scale * (sum of |query * key|);
     * an output by what that makes of its weights, and bound * (the greatest |value| in its dimension) more.
     */
    default double bound() {
        return 0;
    }

    /** Everything one call needs. Filled by the caller and reused; never kept by the kernel. */
    final class Task {
        public int keyWidth; // values of a key row, and of a query
        public int valueWidth; // values of a value row, and of an output
        public float scale;
        public float softCap; // 0: none; else cap * tanh(score / cap)
        public long
                bias; // 0: none; else f32, a number: score of slot fromSlot + i += bias[i], after the cap; BIAS_ROOM
        // more

        public int heads = 1; // KV heads whose rows lie in the same pages; see queriesTogether
        public long headBytes; // from one head's rows to the next's
        public int queries; // of a head: query i of head h is query h * queries + i below, and sees what that of head 0
        // sees
        public long query; // f32 query i at query + 4 * i * queryStride
        public long queryStride;
        public int[] visibleFrom = {}; // query i sees slots [visibleFrom[i], visibleTo[i])
        public int[] visibleTo = {};

        public long[] pages = {}; // address of the first head's part of each page
        public int pageSlots; // slots in a page; a multiple of TILE
        public long keyRowBytes; // key of slot s in a page: + s * keyRowBytes
        public long valuesOffset; // value of slot s: + valuesOffset + s * valueRowBytes
        public long valueRowBytes;
        public int fromSlot; // this call covers slots [fromSlot, toSlot); fromSlot is a multiple of TILE
        public int toSlot;

        public long out; // f32 out i at out + 4 * i * outStride; zeros where nothing is visible
        public long outStride;
        public long lse; // f32 log-sum-exp of query i at lse + 4 * i * lseStride; -infinity where nothing is visible
        public long lseStride;
    }
}
