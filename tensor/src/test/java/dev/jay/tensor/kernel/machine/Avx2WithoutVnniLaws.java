// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel.machine;

import dev.jay.tensor.kernel.Cpu;
import java.util.HashSet;
import java.util.Set;

/** The same on a CPU without AVX-VNNI, whose 16-bit sums must not saturate. */
class Avx2WithoutVnniLaws extends Avx2KernelsLaws {
    @Override
    Cpu cpu() {
        Cpu here = Cpu.detect();
        Set<String> masked = new HashSet<>(here.features());
        masked.remove("avx_vnni");
        return new Cpu("without AVX-VNNI", masked, here.vectorModule(), here.cores());
    }
}
