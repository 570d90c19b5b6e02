// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import dev.jay.tensor.format.WeightFormat;
import dev.jay.tensor.format.WeightFormats;
import java.lang.foreign.MemorySegment;

/** What the sixteen codes of a format stand for under a scale of one, as its definition decodes them. */
public final class CodeLevels {
    private CodeLevels() {}

    /** Of a format whose block is a scale, then 16 bytes of two codes. @param one a scale of one, as the file has it */
    public static float[] of(String name, int one) {
        WeightFormat format = WeightFormats.ALL.make(name);
        byte[] block = new byte[format.blockBytes()];
        int quants = block.length - 16;
        for (int i = 0; i < quants; i++) block[i] = (byte) (one >> 8 * i);
        for (int i = 0; i < 16; i++) block[quants + i] = (byte) i;
        float[] decoded = new float[format.blockSize()];
        format.decodeBlock(MemorySegment.ofArray(block), 0, MemorySegment.ofArray(decoded), 0);
        return decoded;
    }
}
