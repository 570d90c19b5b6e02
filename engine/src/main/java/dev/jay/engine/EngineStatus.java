// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.prefix.PrefixTier;
import java.util.List;

/**
 * Where an engine stands, as of its last step; for metrics.
 *
 * @param running       sequences that hold a cache, the paused ones among them
 * @param paused        sequences whose reader has fallen behind
 * @param waiting       requests not yet let in
 * @param pages         KV pages in all
 * @param freePages     KV pages nobody holds
 * @param sharedPages   KV pages that sequences which run stand on and others may, each counted once
 * @param cachedPages   KV pages of idle prefixes: they give way when pages are needed
 * @param promptTokens  tokens of prompts run since the start
 * @param reusedTokens  tokens that did not have to be run because their keys and values were there
 * @param decodedTokens tokens chosen since the start
 * @param finished      answers ended since the start, however
 * @param failed        of these, how many failed
 * @param preempted     times that a sequence gave up its pages to others and waited again
 * @param resumed       answers that went on from where they were when the model was closed before
 * @param pressure      how short memory is around the process
 * @param shedPages     pages of idle prefixes that gave way for that
 * @param tier          where idle prefixes go that give way
 * @param sequences     those that run
 */
public record EngineStatus(
        int running,
        int paused,
        int waiting,
        int pages,
        int freePages,
        int sharedPages,
        int cachedPages,
        long promptTokens,
        long reusedTokens,
        long decodedTokens,
        long finished,
        long failed,
        long preempted,
        long resumed,
        Pressure pressure,
        long shedPages,
        PrefixTier.Stats tier,
        List<Live> sequences) {
    /** Of no engine. */
    public static final EngineStatus NONE = new EngineStatus(
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Pressure.NONE, 0, PrefixTier.Stats.NONE, List.of());

    /**
     * A sequence that runs.
     *
     * @param id          counts requests taken up
     * @param tokens      known so far, prompt and answer
     * @param computed    of these, through the model
     * @param limit       the most it can come to
     * @param sharedPages KV pages that others may stand on too
     * @param ownPages    KV pages it holds or was promised for itself
     */
    public record Live(long id, int tokens, int computed, int limit, int sharedPages, int ownPages) {}
}
