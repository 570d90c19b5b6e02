// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** How exactly the factors of a {@link Gemm} are read. Sums are f32 in both. */
public enum Precision {
    /** As they are. */
    F32,
    /**
     * Each may be rounded to bfloat16, to nearest even: what is above 3.39e38 becomes infinite, what is below 1.18e-38 may
     * become zero. Code that has nothing to gain from it rounds nothing.
     */
    BF16
}
