// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.codec.KvCodec;
import dev.jay.tensor.kernel.AttentionKernel;

/**
 * Where a stream's rows lie in a page: {@code [head][run][keys: groups x keyGroupBytes][values: groups x valueGroupBytes]}.
 * All offsets are in bytes and defined here alone.
 *
 * @param slots           tokens a page holds; a multiple of {@link AttentionKernel#TILE} and of the group
 * @param run             slots whose keys lie together, with their values behind them: all of a page, unless queries read
 *                        some of them only
 * @param group           tokens that are coded together; 1 where rows are coded one by one
 * @param keyGroupBytes   of the keys of a group
 * @param valueGroupBytes of its values
 * @param valuesOffset    from the beginning of a run to its values
 * @param headBytes       from one head's part to the next; 0 where heads are coded as one, and a group has all of them
 * @param keyHeadBytes    within a group from one head's keys to the next's; 0 but where only values are coded as one
 * @param valueHeadBytes  from one head's values to the next's; 0 but where only keys are
 */
public record PageLayout(
        int slots,
        int run,
        int group,
        long keyGroupBytes,
        long valueGroupBytes,
        long valuesOffset,
        long headBytes,
        long keyHeadBytes,
        long valueHeadBytes) {
    /** As many slots as a page of so many bytes has room for. */
    public static PageLayout of(KvStream stream, KvRecipe recipe, long pageBytes) {
        if (stream.valueWidth() == 0) {
            throw new IllegalArgumentException("kv stream without values is not supported yet: " + stream);
        }
        int group = recipe.group();
        int unit = unit(group);
        long key = keyBytes(stream, recipe);
        long value = valueBytes(stream, recipe);
        long unitBytes = unitBytes(headsOfPage(stream, recipe), key + value, group);
        long units = pageBytes / unitBytes;
        if (units < 1 || units > Integer.MAX_VALUE / unit) {
            throw new IllegalArgumentException("kv page of the wrong size: pageBytes=" + pageBytes + ", " + stream
                    + ", " + recipe + ", least=" + rounded(unitBytes));
        }
        int slots = (int) units * unit;
        int run = recipe.readsUnits() ? AttentionKernel.TILE : slots;
        int groups = slots / group;
        boolean joined = recipe.joinsHeads();
        return new PageLayout(
                slots,
                run,
                group,
                key,
                value,
                run / group * key,
                joined ? 0 : groups * (key + value),
                joined && !recipe.keys().joinsHeads() ? key / stream.heads() : 0,
                joined && !recipe.values().joinsHeads() ? value / stream.heads() : 0);
    }

    /** The fewest bytes a page of this stream can have: room for one tile, or one group if that is more. */
    public static long leastBytes(KvStream stream, KvRecipe recipe) {
        int group = recipe.group();
        long key = keyBytes(stream, recipe);
        long value = valueBytes(stream, recipe);
        long least = rounded(unitBytes(headsOfPage(stream, recipe), key + value, group));
        return group == 1 ? least : Math.max(least, leastBytes(stream, KvRecipe.TAIL));
    }

    /** Heads that keep each its own number of tokens have pages of their own; those that are coded as one are one. */
    private static int headsOfPage(KvStream stream, KvRecipe recipe) {
        return recipe.isByHead() || recipe.joinsHeads() ? 1 : stream.heads();
    }

    private static long keyBytes(KvStream stream, KvRecipe recipe) {
        return groupBytes("keys", recipe, recipe.keys(), stream.heads(), stream.keyWidth());
    }

    private static long valueBytes(KvStream stream, KvRecipe recipe) {
        return groupBytes("values", recipe, recipe.values(), stream.heads(), stream.valueWidth());
    }

    /** Slots that come and go together. */
    private static int unit(int group) {
        return Math.max(group, AttentionKernel.TILE);
    }

    private static long unitBytes(int heads, long groupBytes, int group) {
        return Math.multiplyExact(heads, groupBytes * (unit(group) / group));
    }

    private static long rounded(long bytes) {
        return (bytes + 63) / 64 * 64;
    }

    /** Of a stream's group, which may be several of the codec's: of one head, or of all where any are coded as one. */
    private static long groupBytes(String axis, KvRecipe recipe, KvCodec codec, int heads, int width) {
        long groups = recipe.group() / codec.group();
        try {
            if (codec.joinsHeads()) return groups * codec.groupBytes(Math.multiplyExact(heads, width));
            return groups * codec.groupBytes(width) * (recipe.joinsHeads() ? heads : 1);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "kv " + axis + "=" + codec.name() + " does not fit heads of width " + width + ": " + e.getMessage(),
                    e);
        }
    }

    /** The most pages that hold so many coded tokens. */
    public int pagesFor(int tokens) {
        return Math.ceilDiv(tokens, slots);
    }

    /** Where rows are coded one by one. */
    public long keyRowBytes() {
        return keyGroupBytes / group;
    }

    /** Where rows are coded one by one. */
    public long valueRowBytes() {
        return valueGroupBytes / group;
    }

    /** Says where rows lie in a run, where they are coded one by one. */
    void tell(AttentionKernel.Task task) {
        task.pageSlots = run;
        task.keyRowBytes = keyRowBytes();
        task.valuesOffset = valuesOffset;
        task.valueRowBytes = valueRowBytes();
    }

    /** From one run of a head to the next. */
    public long runBytes() {
        return run / group * (keyGroupBytes + valueGroupBytes);
    }

    /** Of the group that begins with a slot. */
    long keyAt(int head, int slot) {
        return keyIn(runAt(head, slot), head, slot);
    }

    long valueAt(int head, int slot) {
        return valueIn(runAt(head, slot), head, slot);
    }

    /** Whether a head's groups do not lie one after the other, since only keys or only values of all heads are one. */
    boolean areGroupsApart() {
        return keyHeadBytes > 0 || valueHeadBytes > 0;
    }

    /** The same, of the run at an address. */
    long keyIn(long run, int head, int slot) {
        return run + slot % this.run / group * keyGroupBytes + head * keyHeadBytes;
    }

    long valueIn(long run, int head, int slot) {
        return run + valuesOffset + slot % this.run / group * valueGroupBytes + head * valueHeadBytes;
    }

    private long runAt(int head, int slot) {
        return head * headBytes + slot / run * runBytes();
    }
}
