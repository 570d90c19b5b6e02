// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

/** A kind of task that is made up, any number of them. Stateless. A member of {@link Skills#ALL}. */
public interface Skill {
    /**
     * A task that follows from the random words alone.
     *
     * @param facts     things to be told, from 1
     * @param questions to ask about them, from 1
     * @param filler    sentences that say nothing, between them; skills without such sentences leave them out
     */
    Task task(Words words, int facts, int questions, int filler);
}
