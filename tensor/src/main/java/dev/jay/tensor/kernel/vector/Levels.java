// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.vector;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** What the sixteen codes of a format stand for, under a scale of one. Of no use where a vector is shorter. */
final class Levels {
    static final FloatVector UNEVEN = of("iq4_nl", 0x3C00); // 1 as f16
    static final FloatVector SMALL_FLOATS = of("mxfp4", 128); // 2^0

    private Levels() {}

    /** Asks the definition: a block whose code i is i. */
    private static FloatVector of(String name, int scale) {
        WeightFormat format = WeightFormats.ALL.make(name);
        byte[] block = new byte[format.blockBytes()];
        int quants = block.length - 16;
        for (int i = 0; i < quants; i++) block[i] = (byte) (scale >> 8 * i);
        for (int i = 0; i < 16; i++) block[quants + i] = (byte) i;
        float[] decoded = new float[format.blockSize()];
        format.decodeBlock(MemorySegment.ofArray(block), 0, MemorySegment.ofArray(decoded), 0);
        return FloatVector.fromArray(Lanes.F, decoded, 0);
    }
}
