// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.train.skill.Skill;

/**
 * Something to read and questions about it, made up from random words, answered exactly or not at all. An answer of
 * several lines is several values: what stands before the last colon of a line is said to the model, the rest is its own.
 * Stateless. A member of {@link KvTasks#ALL}.
 */
public interface KvTask extends Skill {
    /**
     * Whether its questions come while the model writes, far apart, instead of behind what there is to read: long
     * generation, for recipes that forget as they go.
     */
    default boolean isWritten() {
        return false;
    }
}
