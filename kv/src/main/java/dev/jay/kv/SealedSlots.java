// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.tensor.kernel.UnpackKernel;

/** Some sealed slots of a sequence that a worker has before it: whole groups. One a worker, told again and again. */
final class SealedSlots {
    private long[] pages = new long[1];
    private PageLayout layout;
    private int from;
    private int to;

    /** @param head the first of those that are looked at */
    void tell(KvSource source, int stream, int head, int begin, int end) {
        layout = source.layout(stream);
        from = begin;
        to = end;
        int runs = Math.ceilDiv(end, layout.run());
        if (pages.length < runs) pages = new long[2 * runs];
        source.addresses(stream, head, begin, end, pages);
    }

    int from() {
        return from;
    }

    int count() {
        return to - from;
    }

    /**
     * Unpacks the groups of slots [begin, end) of the keys, or of the values, of a head.
     *
     * @param group of the codec
     * @param rows  address of where dense rows go
     */
    void unpack(
            UnpackKernel kernel,
            boolean ofKeys,
            int head,
            int begin,
            int end,
            int group,
            long rows,
            long rowBytes,
            long scratch) {
        for (int slot = begin; slot < end; ) {
            int run = slot / layout.run();
            int next = Math.min(end, layout.areGroupsApart() ? slot + layout.group() : (run + 1) * layout.run());
            long here = at(ofKeys, head, slot);
            long ahead = next < to ? at(ofKeys, head, next) : here;
            kernel.run(here, (next - slot) / group, ahead, rows + (slot - begin) * rowBytes, scratch);
            slot = next;
        }
    }

    private long at(boolean ofKeys, int head, int slot) {
        long page = pages[slot / layout.run()];
        return ofKeys ? layout.keyIn(page, head, slot) : layout.valueIn(page, head, slot);
    }
}
