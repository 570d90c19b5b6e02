// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.SealedSide.Desk;
import dev.jay.kv.codec.KvBasis;
import dev.jay.kv.codec.KvFeatures;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.GemmKernel;
import dev.jay.tensor.kernel.RowKernels;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/** Rows of one head from features: their product with the head's part of each direction, and the mean. On one thread. */
final class HeadProducts {
    private final GemmKernel gemm;
    private final RowKernels rows;
    private final KvBasis basis; // borrowed
    private final int features;
    private final int directions; // that there are, at most as many
    private final int heads;
    private final int width;

    /** @param width of a head's rows */
    HeadProducts(GemmKernel gemm, RowKernels rows, KvFeatures features, int heads, int width) {
        this.gemm = gemm;
        this.rows = rows;
        this.basis = features.basis();
        this.features = features.format().width();
        this.directions = Math.min(this.features, basis.rank());
        this.heads = heads;
        this.width = width;
    }

    int features() {
        return features;
    }

    /** Bytes of all heads' directions and means, laid for all to read. */
    long commonBytes() {
        return heads * directionBytes();
    }

    private long directionBytes() {
        return Scratch.sizeOf(packedBytes(width)) + Scratch.sizeOf(4L * width);
    }

    /** Bytes of working space to lay them. */
    long layBytes() {
        return Scratch.sizeOf(4L * features * width);
    }

    /** Bytes of so many packed rows of features. */
    long packedBytes(int n) {
        long bytes = 0;
        for (int k = 0; k < features; k += gemm.depth()) bytes += gemm.packedBytes(n, depth(k));
        return Scratch.sizeOf(bytes);
    }

    private int depth(int from) {
        return Math.min(gemm.depth(), features - from);
    }

    long kernelBytes() {
        return gemm.scratchBytes();
    }

    /** Address of a head's directions, once they are laid. */
    long laid(int head, Desk desk) {
        return desk.address(laidAt(head, desk));
    }

    private long laidAt(int head, Desk desk) {
        return desk.common() + head * directionBytes();
    }

    void lay(int head, Desk desk) {
        lay(head, desk.room(), desk.work(), laidAt(head, desk), desk.kernel());
    }

    /** @param work offset of working space; directions go to offset {@code to} */
    private void lay(int head, MemorySegment room, long work, long to, long kernel) {
        int channel = head * width;
        for (int r = 0; r < directions; r++) {
            int from = r * basis.width() + channel;
            MemorySegment.copy(basis.vectors(), from, room, Floats.LAYOUT, work + 4L * r * width, width);
        }
        // Of no direction: features that are always zero must meet numbers.
        room.asSlice(work + 4L * directions * width, 4L * (features - directions) * width)
                .fill((byte) 0);
        MemorySegment.copy(basis.mean(), channel, room, Floats.LAYOUT, mean(to), width);
        long packed = room.address() + to;
        for (int k = 0; k < features; k += gemm.depth()) {
            long from = room.address() + work + 4L * k * width;
            gemm.packB(from, width, false, width, depth(k), packed, kernel);
            packed += gemm.packedBytes(width, depth(k));
        }
    }

    /** Packs n dense rows of features; all are addresses from here on. */
    void pack(long from, int n, long to, long kernel) {
        long packed = to;
        for (int k = 0; k < features; k += gemm.depth()) {
            gemm.packA(from + 4L * k, features, false, n, depth(k), packed, kernel);
            packed += gemm.packedBytes(n, depth(k));
        }
    }

    /** Dense rows of the head that directions were laid of, without the mean. */
    void multiply(long packed, int n, long laid, long to, long kernel) {
        long a = packed;
        long b = laid;
        for (int k = 0; k < features; k += gemm.depth()) {
            gemm.multiply(a, b, n, width, depth(k), k > 0, to, width, kernel);
            a += gemm.packedBytes(n, depth(k));
            b += gemm.packedBytes(width, depth(k));
        }
    }

    /** The same with the mean. */
    void rows(long packed, int n, long laid, long to, long kernel) {
        multiply(packed, n, laid, to, kernel);
        rows.addBias(to, mean(laid), n, width);
    }

    /** Where the mean was laid. */
    long mean(long laid) {
        return laid + Scratch.sizeOf(packedBytes(width));
    }
}
