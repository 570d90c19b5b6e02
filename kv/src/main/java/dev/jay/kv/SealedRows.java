// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.SealedSide.Desk;
import dev.jay.kv.codec.KvCodec;
import dev.jay.kv.codec.KvFeatures;
import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.AttentionKernel;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Ops;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;

/**
 * Sealed rows of a stream on their way to attention, in one numerics mode: some slots at a time are unpacked to rows that a
 * kernel reads. Where the kernel rounds to bf16 anyway they become bf16, else f32.
 */
final class SealedRows {
    private static final int PIECE = 256; // slots: unpacked they stay in a core's second-level cache
    private static final long FAST_BYTES = 256 << 10; // of unpacked rows: half of such a cache at most, and few pieces

    private final KvRecipe recipe;
    private final int slots;
    private final SealedSide keys;
    private final SealedSide values;
    private final AttentionKernel kernel;
    private final AttentionKernel.Task most;

    /**
     * @param queries at most, of one call of attention
     * @param turning null: keys are kept as positions have turned them
     */
    SealedRows(
            Ops ops, KvRecipe recipe, KvStream stream, Numerics numerics, int mostPiece, int queries, Turning turning) {
        this.recipe = recipe;
        WeightFormat f32 = WeightFormats.ALL.make("f32");
        WeightFormat bf16 = WeightFormats.ALL.make("bf16");
        boolean rounds = mayRound(recipe.keys())
                && mayRound(recipe.values())
                && ops.attention(bf16, bf16, stream.keyWidth(), stream.valueWidth(), numerics)
                                .bound()
                        > 0;
        WeightFormat rows = rounds ? bf16 : f32;
        Sides sides = new Sides(ops, stream, rows, rounds ? Precision.BF16 : Precision.F32);
        this.keys = sides.keys(recipe, turning);
        this.values = sides.values(recipe, queries);
        this.kernel = ops.attention(rows, rows, keys.width(), values.width(), numerics);
        this.slots = whole(recipe, Math.min(rounds ? fastPiece() : PIECE, mostPiece));
        this.most = KvAttention.newTask(new KvStream(stream.heads(), keys.width(), values.width()), queries, slots);
        most.keyRowBytes = keys.rowBytes();
        most.valueRowBytes = values.rowBytes();
    }

    /** How the keys and the values of a stream become rows of a format. */
    private record Sides(Ops ops, KvStream stream, WeightFormat rows, Precision precision) {
        SealedSide keys(KvRecipe recipe, Turning turning) {
            KvCodec codec = recipe.keys();
            int width = stream.keyWidth();
            boolean turned = turning != null;
            if (!codec.joinsHeads()) {
                RowTurns turns = turned ? new RowTurns(ops, turning, width, false, rows) : null;
                return new GroupSide(ops, true, codec, width, rows, turns);
            }
            return directed(true, recipe, codec, width, turning);
        }

        SealedSide values(KvRecipe recipe, int queries) {
            KvCodec codec = recipe.values();
            int width = stream.valueWidth();
            if (!codec.joinsHeads()) return new GroupSide(ops, false, codec, width, rows, null);
            KvFeatures features = codec.features(stream.heads() * width);
            if (!FeatureSide.areFew(features, width)) return directed(false, recipe, codec, width, null);
            return new FeatureSide(ops, features, products(features, width), rows, queries);
        }

        private SealedSide directed(boolean ofKeys, KvRecipe recipe, KvCodec codec, int width, Turning turning) {
            KvFeatures features = codec.features(stream.heads() * width);
            RowTurns turns = new RowTurns(ops, turning, width, true, rows);
            HeadProducts products = products(features, width);
            return new DirectionSide(ops, ofKeys, features, products, turns, width, recipe.group());
        }

        private HeadProducts products(KvFeatures features, int width) {
            return new HeadProducts(ops.floatProducts(precision), ops.rowOperations(), features, stream.heads(), width);
        }
    }

    private static boolean mayRound(KvCodec codec) {
        return codec.rowFormat().filter(f -> f.name().equals("f32")).isEmpty();
    }

    /** A power of two. */
    private int fastPiece() {
        long each = bytes(PIECE) / PIECE;
        return Math.max(PIECE, Math.toIntExact(Long.highestOneBit(FAST_BYTES / each)));
    }

    /** Slots that f32 rows are worked on at a time. */
    static int piece(KvRecipe recipe, int mostPiece) {
        return whole(recipe, Math.min(PIECE, mostPiece));
    }

    /** In whole groups, one at least. */
    private static int whole(KvRecipe recipe, int slots) {
        return Math.max(1, slots / recipe.group()) * recipe.group();
    }

    /** Slots that are unpacked at a time: a multiple of the group. */
    int slots() {
        return slots;
    }

    /** Bytes that a worker needs for unpacked rows, and on the way to them. */
    long bytes() {
        return bytes(slots);
    }

    private long bytes(int some) {
        return valuesAt(some) + Scratch.sizeOf(some * values.rowBytes());
    }

    /** [working space of keys][of values][rows of keys][rows of values]. */
    private long keysAt(int some) {
        return Scratch.sizeOf(keys.workBytes(some)) + Scratch.sizeOf(values.workBytes(some));
    }

    private long valuesAt(int some) {
        return keysAt(some) + Scratch.sizeOf(some * keys.rowBytes());
    }

    /** Bytes of what all workers read. */
    long commonBytes() {
        return Scratch.sizeOf(keys.commonBytes()) + Scratch.sizeOf(values.commonBytes());
    }

    /** Bytes of working space for one call of a kernel. */
    long kernelBytes() {
        return Math.max(kernel.scratchBytes(most), Math.max(keys.kernelBytes(), values.kernelBytes()));
    }

    /** Bytes of what attention gives before values are made of it; 0 if it gives values. */
    long mixedBytes(int queries) {
        return values.isMixed() ? Scratch.sizeOf(4L * queries * values.width()) : 0;
    }

    /** A worker's desks. */
    final class Desks {
        private final Desk ofKeys;
        private final Desk ofValues;

        /**
         * @param common offset of {@link #commonBytes}
         * @param own    offset of {@link #bytes} of the worker's
         * @param kernel address of {@link #kernelBytes}
         */
        Desks(MemorySegment room, long common, long own, long kernel) {
            long valuesCommon = common + Scratch.sizeOf(keys.commonBytes());
            long valuesWork = own + Scratch.sizeOf(keys.workBytes(slots));
            this.ofKeys = new Desk(room, common, own, own + keysAt(slots), kernel);
            this.ofValues = new Desk(room, valuesCommon, valuesWork, own + valuesAt(slots), kernel);
        }

        /** A head's part of what all workers read. */
        void lay(int head) {
            keys.lay(head, ofKeys);
            values.lay(head, ofValues);
        }

        /** What serves all heads of some slots. */
        void share(SealedSlots of) {
            keys.share(of, ofKeys);
            values.share(of, ofValues);
        }

        /**
         * Attends to a head's rows of some slots. The task says what each query sees of them.
         *
         * @param mixed address of {@link #mixedBytes}
         * @param out   address of where values go, dense
         */
        void attend(SealedSlots of, int head, AttentionKernel.Task task, long mixed, long out) {
            keys.rows(of, head, ofKeys);
            values.rows(of, head, ofValues);
            task.pages[0] = ofKeys.address(ofKeys.rows());
            task.pageSlots = slots;
            task.keyRowBytes = keys.rowBytes();
            task.valuesOffset = ofValues.rows() - ofKeys.rows();
            task.valueRowBytes = values.rowBytes();
            task.valueWidth = values.width();
            task.outStride = values.width();
            task.out = values.isMixed() ? mixed : out;
            kernel.run(task, ofKeys.kernel());
            if (values.isMixed()) values.finish(head, mixed, task.queries, out, ofValues);
        }
    }

    @Override
    public String toString() {
        return recipe + ", " + slots + " slots at a time";
    }
}
