// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefill;

/**
 * Which of the tokens before them the queries of a prompt read. A prompt is cut at multiples of {@link Stretches#every} into
 * stretches and these into blocks of {@link #BLOCK} queries. The first block of a stretch reads everything and says what the
 * others need; those read, whatever they choose, their own stretch up to themselves. The first stretch, the last tokens of a
 * prompt and every answer read everything. All tokens are kept. Stateless: a choice depends on positions, and on queries and
 * keys before it, alone.
 */
public interface KvPrefill {
    /** Queries that read together. */
    int BLOCK = 64;

    String name();

    Stretches stretches();

    /** Whether every query reads everything, so that nothing is to be done. */
    default boolean readsAll() {
        return false;
    }

    /** Whether it asks what of a stretch's first block was spent, or would be by means. */
    default boolean looks() {
        return true;
    }

    /** Says which units before its stretch a block reads. @param reads false everywhere */
    void choose(PromptBlock block, boolean[] reads);
}
