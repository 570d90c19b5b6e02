// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

/**
 * Where an engine stands, as of its last step; for metrics.
 *
 * @param running       sequences that hold a cache, the paused ones among them
 * @param paused        sequences whose reader has fallen behind
 * @param waiting       requests not yet let in
 * @param pages         KV pages in all
 * @param freePages     KV pages nobody holds
 * @param promptTokens  tokens of prompts run since the start
 * @param decodedTokens tokens chosen since the start
 * @param finished      answers ended since the start, however
 * @param failed        of these, how many failed
 */
public record EngineStatus(
        int running,
        int paused,
        int waiting,
        int pages,
        int freePages,
        long promptTokens,
        long decodedTokens,
        long finished,
        long failed) {}
