// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;

/**
 * Queries of one sequence that a pass has attended with, and what came of it.
 *
 * @param queries    q[n][queryHeads][width] f32; borrowed
 * @param lse        log-sum-exp [n][queryHeads] f32; borrowed; null where the recipe seals groups
 * @param queryHeads of all KV heads
 * @param group      query heads that share a KV head
 * @param row        of the first
 * @param count      how many follow each other
 * @param position   of the first
 * @param softCap    0: none
 */
public record SeenQueries(
        MemorySegment queries,
        MemorySegment lse,
        int queryHeads,
        int group,
        int width,
        int row,
        int count,
        int position,
        float scale,
        float softCap) {}
