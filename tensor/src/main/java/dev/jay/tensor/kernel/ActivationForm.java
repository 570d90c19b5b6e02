// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/** How a kernel wants its input rows packed. Packed once for each input, and shared by every matrix that reads it. */
public interface ActivationForm {
    String name();

    /** Bytes of {@code n} packed rows of {@code cols} values. */
    long bytes(int n, int cols);

    /** Rows that are packed by one call: {@code from} is a multiple of it, and {@code to} too unless it is n. */
    default int together() {
        return 1;
    }

    /** Packs rows [from, to) of x[n][cols] (f32, dense) at address {@code x} into the form at address {@code packed}. */
    void pack(long x, int n, int cols, int from, int to, long packed);
}
