// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

/**
 * For how many tokens a sequence must have room when it is let in. Where that is less than its limit it may have to give
 * way later (preemption): the youngest of the lowest priority gives up its pages and waits again.
 */
public interface Admission {
    /** At least {@link Work#length}, at most {@link Work#limit}. */
    int tokens(Work work);
}
