// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.tensor.kernel.AttentionKernel;

/**
 * Where a stream's rows lie in a page: {@code [head][keys: slots x keyRowBytes][values: slots x valueRowBytes]}. All
 * offsets are in bytes and defined here alone.
 *
 * @param slots        tokens a page holds; a multiple of {@link AttentionKernel#TILE}
 * @param valuesOffset from the beginning of a head's part to its values
 * @param headBytes    from one head's part to the next
 */
public record PageLayout(int slots, long keyRowBytes, long valueRowBytes, long valuesOffset, long headBytes) {
    /** As many slots as a page of so many bytes has room for. */
    public static PageLayout of(KvStream stream, KvRecipe recipe, long pageBytes) {
        if (stream.valueWidth() == 0) {
            throw new IllegalArgumentException("kv stream without values is not supported yet: " + stream);
        }
        long key = rowBytes("keys", recipe.keys(), stream.keyWidth());
        long value = rowBytes("values", recipe.values(), stream.valueWidth());
        long slotBytes = Math.multiplyExact(stream.heads(), key + value);
        long tiles = pageBytes / slotBytes / AttentionKernel.TILE;
        if (tiles < 1 || tiles > Integer.MAX_VALUE / AttentionKernel.TILE) {
            throw new IllegalArgumentException("kv page of the wrong size: pageBytes=" + pageBytes + ", " + stream
                    + ", " + recipe + ", least=" + leastBytes(slotBytes));
        }
        int slots = (int) tiles * AttentionKernel.TILE;
        return new PageLayout(slots, key, value, slots * key, slots * (key + value));
    }

    /** The fewest bytes a page of this stream can have: room for one tile. */
    public static long leastBytes(KvStream stream, KvRecipe recipe) {
        long key = rowBytes("keys", recipe.keys(), stream.keyWidth());
        return leastBytes(stream.heads() * (key + rowBytes("values", recipe.values(), stream.valueWidth())));
    }

    private static long leastBytes(long slotBytes) {
        return (slotBytes * AttentionKernel.TILE + 63) / 64 * 64;
    }

    private static long rowBytes(String axis, KvCodec codec, int width) {
        if (codec.group() != 1) {
            throw new IllegalArgumentException("kv codec that seals groups is not supported yet: " + axis + "="
                    + codec.name() + ", group=" + codec.group());
        }
        try {
            return codec.groupBytes(width);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "kv " + axis + "=" + codec.name() + " does not fit heads of width " + width + ": " + e.getMessage(),
                    e);
        }
    }

    /** The most pages a stream holds when it has seen this many tokens. */
    public int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, slots);
    }

    long keyAt(int head, int slot) {
        return head * headBytes + slot * keyRowBytes;
    }

    long valueAt(int head, int slot) {
        return head * headBytes + valuesOffset + slot * valueRowBytes;
    }
}
