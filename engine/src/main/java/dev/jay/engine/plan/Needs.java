// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import java.util.List;
import java.util.Map;

/** What a model takes, by how it is opened: all that a planner asks of one. Nothing of its weights is read for it. */
public interface Needs {
    /**
     * Working memory of a setup.
     *
     * @param kvBytes          set aside for keys and values
     * @param scratchBytes     set aside for what a step computes
     * @param fullScratchBytes of these, what steps of as many sequences come to
     */
    record Working(long kvBytes, long scratchBytes, long fullScratchBytes) {
        long setAside() {
            return kvBytes + scratchBytes;
        }
    }

    /** Bytes of the model's files; 0 where its weights are nobody's file, and their owner's to count. */
    long weightBytes();

    /** Bytes of the parts that are held one after the other where weights are streamed, in the order of a pass. */
    List<Long> parts();

    /** Bytes that are taken already, by purpose: the kernels' code and working space. */
    Map<String, Long> taken();

    Working working(Setup setup);

    Arithmetic arithmetic();
}
