// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.optimize;

/** What part of the learning rate a step gets. Pure. A member of {@link Schedules#ALL}. */
public interface Schedule {
    /**
     * @param step  from 1 to {@code steps}
     * @param steps of the whole run
     * @return from 0 to 1
     */
    double at(int step, int steps);
}
