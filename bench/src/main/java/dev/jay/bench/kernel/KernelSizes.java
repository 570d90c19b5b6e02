// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kernel;

import java.util.List;

/**
 * How large things are.
 *
 * @param formats   of weights
 * @param kvFormats of keys and values
 * @param tokens    rows of activations of the products
 * @param contexts  tokens that attention sees
 * @param prompt    the newest tokens of a context, whose attention is the prefill measured
 * @param widths    of a head
 */
record KernelSizes(
        List<String> formats,
        List<String> kvFormats,
        List<Integer> tokens,
        List<Integer> contexts,
        int prompt,
        List<Integer> widths) {
    /** Of a weight matrix: columns, and rows for one token's product and for many tokens'. */
    static final int COLS = 2048;

    static final int ROWS = 8192;
    static final int GEMM_ROWS = 2048;
}
