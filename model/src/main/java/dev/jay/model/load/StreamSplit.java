// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.util.ArrayList;
import java.util.List;

/**
 * Which parts of a model's weights stay in memory and which are read for every pass. A pass uses all parts in turn, so it
 * does not matter which stay, only how many bytes of them: the first that still fit do.
 *
 * @param kept          numbers of the parts that stay
 * @param streamed      numbers of those that are read, in the order of a pass
 * @param keptBytes     bytes of the first
 * @param streamedBytes bytes of the others: what a pass reads
 * @param slotBytes     bytes of memory into which they are read
 */
public record StreamSplit(
        List<Integer> kept, List<Integer> streamed, long keptBytes, long streamedBytes, long slotBytes) {
    /** Slots that parts are read into: one in use, one on its way. */
    static final int SLOTS = 2;

    /** What a pass needs at least. */
    public static long leastBytes(List<Long> parts) {
        return SLOTS * largest(parts);
    }

    static long largest(List<Long> parts) {
        return parts.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** @param room bytes of memory, {@link #leastBytes} at least */
    public static StreamSplit of(List<Long> parts, long room) {
        long all = parts.stream().mapToLong(Long::longValue).sum();
        long slots = all <= room ? 0 : leastBytes(parts);
        if (room < slots) {
            throw new IllegalArgumentException("weights streamed: room=" + room + ", needed=" + slots);
        }
        List<Integer> kept = new ArrayList<>();
        List<Integer> streamed = new ArrayList<>();
        long left = room - slots;
        long keptBytes = 0;
        for (int part = 0; part < parts.size(); part++) {
            long bytes = parts.get(part);
            if (bytes <= left - keptBytes) {
                kept.add(part);
                keptBytes += bytes;
            } else {
                streamed.add(part);
            }
        }
        return new StreamSplit(List.copyOf(kept), List.copyOf(streamed), keptBytes, all - keptBytes, slots);
    }
}
