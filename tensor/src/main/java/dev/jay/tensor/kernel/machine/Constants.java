// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.asm.Label;
import dev.jay.tensor.asm.x86.Mem;
import dev.jay.tensor.asm.x86.X86Assembler;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Constants of one function, laid after its code. */
public final class Constants {
    private final X86Assembler a;
    private final Map<Label, int[]> values = new LinkedHashMap<>();

    public Constants(X86Assembler a) {
        this.a = a;
    }

    /** Where these will be; the same place for the same ones. */
    public Mem ints(int... v) {
        for (Map.Entry<Label, int[]> there : values.entrySet()) {
            if (Arrays.equals(there.getValue(), v)) return Mem.mem(there.getKey());
        }
        Label label = a.label();
        values.put(label, v);
        return Mem.mem(label);
    }

    /** One value, to be given to every lane. */
    public Mem each(int v) {
        return ints(v).each();
    }

    public Mem each(float v) {
        return each(Float.floatToRawIntBits(v));
    }

    /** Writes them down; after the last return. */
    public void write() {
        values.forEach((label, v) -> a.align(v.length == 1 ? 4 : 64).bind(label).int32(v));
    }
}
