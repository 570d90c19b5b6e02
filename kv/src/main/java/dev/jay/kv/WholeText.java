// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.AttentionKernel;
import java.lang.foreign.MemorySegment;

/**
 * A text that is run as a whole, by an encoder: keys and values of the layer that is run now, in working space. One page
 * that every layer writes anew. Borrows its room.
 */
public final class WholeText implements KvSource {
    private final KvStream shape;
    private final PageLayout layout;
    private final MemorySegment room;
    private final int tokens;
    private boolean isThere;

    /** @param room {@link #bytes} of it, aligned to 64 */
    public WholeText(KvStream shape, int tokens, MemorySegment room) {
        this.shape = shape;
        this.layout = PageLayout.of(shape, KvRecipe.LOSSLESS, bytes(shape, tokens));
        this.room = room;
        this.tokens = tokens;
    }

    /** Slots that a text of so many tokens takes. */
    public static int slots(int tokens) {
        return Math.ceilDiv(tokens, AttentionKernel.TILE) * AttentionKernel.TILE;
    }

    public static long bytes(KvStream shape, int tokens) {
        long tile = PageLayout.leastBytes(shape, KvRecipe.LOSSLESS);
        return slots(tokens) / AttentionKernel.TILE * tile;
    }

    @Override
    public void append(int stream, int position, int count, MemorySegment keys, MemorySegment values) {
        if (position != 0 || count != tokens) {
            throw new IllegalArgumentException("an encoder takes a text as a whole: tokens=" + tokens
                    + ", got position=" + position + ", count=" + count);
        }
        for (int t = 0; t < count; t++) {
            for (int h = 0; h < shape.heads(); h++) {
                long row = (long) t * shape.heads() + h;
                long key = 4L * shape.keyWidth();
                long value = 4L * shape.valueWidth();
                MemorySegment.copy(keys, row * key, room, layout.keyAt(h, t), key);
                MemorySegment.copy(values, row * value, room, layout.valueAt(h, t), value);
            }
        }
        isThere = true;
    }

    @Override
    public int length(int stream) {
        return isThere ? tokens : 0;
    }

    @Override
    public KvRecipe recipe(int stream) {
        return KvRecipe.LOSSLESS;
    }

    @Override
    public PageLayout layout(int stream) {
        return layout;
    }

    @Override
    public void addresses(int stream, int head, int from, int to, long[] into) {
        into[0] = room.address() + head * layout.headBytes();
    }
}
