// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

/** The KV pages nobody has been promised. Good for one plan. */
public interface Room<S extends Work> {
    /**
     * Promises a waiting sequence the pages it can come to need.
     *
     * @return false if they do not fit beside those promised already, in this plan too; then it cannot run in this step
     */
    boolean take(S waiting);

    /**
     * Whether another sequence is computing what this one begins with. It is let in sooner for all that it has to do if it
     * waits until that is there.
     */
    boolean shouldWait(S waiting);
}
