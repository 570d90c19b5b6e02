// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import dev.jay.tensor.Catalog;

/** Every kind of kernel there is a measurement of. To add one: write its file, add its line. */
public final class Measurements {
    public static final Catalog<Measurement> ALL = Catalog.of(
            "kernel measurement",
            Bounds.ENTRY,
            Gemv.ENTRY,
            Gemm.ENTRY,
            AttentionDecode.ENTRY,
            AttentionPrefill.ENTRY,
            RowOperations.NORM,
            RowOperations.ROPE,
            RowOperations.SWIGLU,
            RowOperations.SOFTMAX,
            RowOperations.ADD,
            RowOperations.ARGMAX,
            Quantise.ENTRY);

    private Measurements() {}
}
