// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;
import java.util.List;

/**
 * As first-come, but whoever's tenant was served least for its weight is let in first (virtual token counters, VTC); higher
 * priorities before all of them, equals by when their first token is wanted.
 */
record Fair() implements SchedulerPolicy {
    static final Catalog.Entry<SchedulerPolicy> ENTRY = new Catalog.Entry<>(
            "fair",
            "by priority, then the tenant served least for its weight, then the earliest deadline",
            _ -> new Fair());

    /** Written out: comparators of the library's making are linked anew by every start. */
    private static int compare(Work a, Work b) {
        if (a.priority() != b.priority()) return Integer.compare(b.priority(), a.priority());
        int byServed = Double.compare(a.served(), b.served());
        return byServed != 0 ? byServed : Long.compare(a.firstTokenBy(), b.firstTokenBy());
    }

    @Override
    public <S extends Work> Step<S> plan(List<S> running, List<S> waiting, int tokens, Room<S> room) {
        return new FirstCome()
                .plan(FirstCome.sorted(running, Fair::compare), FirstCome.sorted(waiting, Fair::compare), tokens, room);
    }
}
