// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Decode everyone who is running, then prefill in order of arrival with what is left. Nobody is overtaken,
 * but by those who need not wait for a prefix that another is computing.
 */
record FirstCome() implements SchedulerPolicy {
    static final Catalog.Entry<SchedulerPolicy> ENTRY =
            new Catalog.Entry<>("first-come", "decode first, then prefill in order of arrival", _ -> new FirstCome());

    @Override
    public <S extends Work> Step<S> plan(List<S> running, List<S> waiting, int tokens, Room<S> room) {
        List<Step.Chunk<S>> chunks = new ArrayList<>();
        int left = tokens;
        for (S s : running) if (s.pending() == 1 && left > 0) left -= add(chunks, s, left);
        for (S s : running) if (s.pending() > 1 && left > 0) left -= add(chunks, s, left);
        for (S s : waiting) {
            // one token a sequence is kept free, so that everyone let in can decode in every step
            if (left == 0 || running.size() + 1 > tokens) break;
            if (room.shouldWait(s)) continue;
            if (!room.take(s)) break;
            left -= add(chunks, s, left);
        }
        return new Step<>(chunks);
    }

    /** For policies that differ in the order alone; equals stay in order of arrival. */
    static <S extends Work> List<S> sorted(List<S> work, Comparator<Work> order) {
        List<S> sorted = new ArrayList<>(work);
        sorted.sort(order);
        return sorted;
    }

    private static <S extends Work> int add(List<Step.Chunk<S>> chunks, S s, int left) {
        int count = Math.min(s.pending(), left);
        chunks.add(new Step.Chunk<>(s, count));
        return count;
    }
}
