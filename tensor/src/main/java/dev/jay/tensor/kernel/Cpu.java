// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

import java.util.Set;

/**
 * What this machine can run. Tests pass a smaller one to force a slower path.
 *
 * @param model        as the machine names itself
 * @param features     lower-case names as Linux writes them ({@code avx512f}, {@code avx512_vnni}, {@code amx_bf16}, ...)
 * @param vectorModule whether the Vector API's module is there
 * @param cores        cores this process may use
 */
public record Cpu(String model, Set<String> features, boolean vectorModule, int cores) {
    public static final Cpu SCALAR = new Cpu("scalar", Set.of(), false, 1);

    public Cpu {
        features = Set.copyOf(features);
        if (cores < 1) throw new IllegalArgumentException("cpu: cores must be at least 1, got " + cores);
    }

    /** This machine, as far as the operating system tells; cores are counted with the container's quota. */
    public static Cpu detect() {
        return CpuDetection.here();
    }

    public boolean has(String feature) {
        return features.contains(feature);
    }
}
