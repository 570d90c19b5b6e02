// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import dev.jay.tensor.kernel.CodeLevels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** What the sixteen codes of a format stand for, under a scale of one. Of no use where a vector is shorter. */
final class Levels {
    static final FloatVector UNEVEN = FloatVector.fromArray(Lanes.F, CodeLevels.of("iq4_nl", 0x3C00), 0); // 1 as f16
    static final FloatVector SMALL_FLOATS = FloatVector.fromArray(Lanes.F, CodeLevels.of("mxfp4", 128), 0); // 2^0
    static final FloatVector NORMAL = normal();

    private Levels() {}

    /** Of nf4, whose codes stand pair by pair, the first one high. */
    private static FloatVector normal() {
        WeightFormat format = WeightFormats.ALL.make("nf4");
        byte[] block = new byte[format.blockBytes()];
        block[1] = 0x3C; // 1 as f16
        block[2] = (byte) 255; // all of it
        for (int i = 0; i < 8; i++) block[6 + i] = (byte) (2 * i << 4 | 2 * i + 1);
        float[] decoded = new float[format.blockSize()];
        format.decodeBlock(MemorySegment.ofArray(block), 0, MemorySegment.ofArray(decoded), 0);
        return FloatVector.fromArray(Lanes.F, decoded, 0);
    }
}
