// SPDX-License-Identifier: Apache-2.0
package dev.jay.tensor.kernel;

/**
 * How a request wants its arithmetic. {@code EXACT}: the arithmetic of a row depends on its format and shape, never on
 * how many rows run beside it, on chunking, threads, preemption or drafts, so answers are reproducible bit for bit on
 * one provider. {@code FAST}: kernels are chosen by row count; logits stay within the provider's stated bound.
 */
public enum Numerics {
    EXACT,
    FAST
}
