// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import java.util.List;

/** Who runs next, and how much of each. Decides only; the engine carries it out. Keeps no state. */
public interface SchedulerPolicy {
    /**
     * @param running sequences that hold a cache and can go on, oldest first
     * @param waiting sequences that hold none, oldest first; one is let in by taking room for it and giving it a chunk
     * @param tokens  the most tokens of the step, all chunks together
     * @return each sequence at most once, with 1 to {@link Work#pending} tokens; empty only if nothing can run
     */
    <S extends Work> Step<S> plan(List<S> running, List<S> waiting, int tokens, Room<S> room);
}
