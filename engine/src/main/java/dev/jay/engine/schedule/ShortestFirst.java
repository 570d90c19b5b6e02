// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;
import java.util.Comparator;
import java.util.List;

/** As first-come, but the shortest prompt waiting is let in first. A long one may wait for as long as short ones come. */
record ShortestFirst() implements SchedulerPolicy {
    static final Catalog.Entry<SchedulerPolicy> ENTRY =
            new Catalog.Entry<>("shortest-first", "as first-come, shortest prompt first", _ -> new ShortestFirst());

    @Override
    public <S extends Work> Step<S> plan(List<S> running, List<S> waiting, int tokens, Room<S> room) {
        List<S> shortest = FirstCome.sorted(waiting, Comparator.comparingInt(Work::pending));
        return new FirstCome().plan(running, shortest, tokens, room);
    }
}
