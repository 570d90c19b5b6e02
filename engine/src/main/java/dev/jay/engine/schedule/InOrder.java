// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;
import java.util.List;

/**
 * As first-come, and nobody goes past one that waits for a prefix. For work in a {@link PrefixOrder}: a prefix that comes
 * too early may have to give way before those who share it are there.
 */
record InOrder() implements SchedulerPolicy {
    static final Catalog.Entry<SchedulerPolicy> ENTRY = new Catalog.Entry<>(
            "in-order",
            "as first-come, and nobody goes past one that waits for a prefix: for batches",
            _ -> new InOrder());

    @Override
    public <S extends Work> Step<S> plan(List<S> running, List<S> waiting, int tokens, Room<S> room) {
        return new FirstCome().plan(running, waiting, tokens, new Room<>() {
            private boolean closed;

            @Override
            public boolean take(S s) {
                return !closed && room.take(s);
            }

            @Override
            public boolean shouldWait(S s) {
                closed |= room.shouldWait(s);
                return closed;
            }
        });
    }
}
