// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

/**
 * The pages of some consecutive tokens that begin where pages of every stream begin, and that no earlier token shares.
 *
 * @param tokens how many rows they hold; fewer than a whole stride only at the end of a sequence
 * @param pages  of all streams, stream after stream; borrowed from whoever holds them
 */
public record Stride(int tokens, int[] pages) {}
