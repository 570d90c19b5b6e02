// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;
import java.util.List;

/** As first-come, but whose first token is wanted earliest is let in first, higher priorities before all of them. */
record EarliestDeadline() implements SchedulerPolicy {
    static final Catalog.Entry<SchedulerPolicy> ENTRY = new Catalog.Entry<>(
            "earliest-deadline", "by priority, then by when the first token is wanted", _ -> new EarliestDeadline());

    private static int compare(Work a, Work b) {
        return a.priority() != b.priority()
                ? Integer.compare(b.priority(), a.priority())
                : Long.compare(a.firstTokenBy(), b.firstTokenBy());
    }

    @Override
    public <S extends Work> Step<S> plan(List<S> running, List<S> waiting, int tokens, Room<S> room) {
        return new FirstCome()
                .plan(
                        FirstCome.sorted(running, EarliestDeadline::compare),
                        FirstCome.sorted(waiting, EarliestDeadline::compare),
                        tokens,
                        room);
    }
}
