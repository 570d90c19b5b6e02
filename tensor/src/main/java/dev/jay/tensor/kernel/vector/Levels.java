// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.kernel.CodeLevels;
import jdk.incubator.vector.FloatVector;

/** What the sixteen codes of a format stand for, under a scale of one. Of no use where a vector is shorter. */
final class Levels {
    static final FloatVector UNEVEN = FloatVector.fromArray(Lanes.F, CodeLevels.of("iq4_nl", 0x3C00), 0); // 1 as f16
    static final FloatVector SMALL_FLOATS = FloatVector.fromArray(Lanes.F, CodeLevels.of("mxfp4", 128), 0); // 2^0

    private Levels() {}
}
