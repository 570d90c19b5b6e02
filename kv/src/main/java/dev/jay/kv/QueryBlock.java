// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.AttentionBatch.Span;

/**
 * Queries of tokens [first, first + count) of a span that share a KV head, and the slots and pieces any of them sees. Where
 * the head forgot tokens, what follows stands in earlier slots than its positions say.
 *
 * @param end        one past the last slot
 * @param firstPiece of slots; each gives a partial result
 */
record QueryBlock(
        Span span,
        int head,
        int forgotten,
        int first,
        int count,
        int firstVisible,
        int end,
        int firstPiece,
        int lastPiece) {
    /** The slot of the first. */
    int position() {
        return span.position() + first - forgotten;
    }
}
