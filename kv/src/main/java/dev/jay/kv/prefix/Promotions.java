// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import dev.jay.kv.pool.PagePool;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/** Prefixes on their way back from the tier into the index. What has come is an idle prefix like any other. */
final class Promotions {
    private static final int LEAST_OF_A_PART = 8; // tokens: fewer are as soon computed

    private final PrefixIndex index;
    private final PagePool pool;
    private final PrefixTier tier;
    private final Recall recall;
    private final List<Promotion> underWay = new ArrayList<>();
    private long begun;

    /** Strides that follow each other, and the node they follow. */
    private record Promotion(PrefixNode parent, Deque<PrefixTier.Chunk> chunks, Deque<PrefixTier.Reading> readings) {
        void close() {
            readings.forEach(PrefixTier.Reading::close);
        }
    }

    Promotions(PrefixIndex index, PagePool pool, PrefixTier tier, Recall recall) {
        this.index = index;
        this.pool = pool;
        this.tier = tier;
        this.recall = recall;
    }

    /**
     * @param node   the deepest that is known of these tokens
     * @param known  how many of them are, with a part of a stride
     * @return whether more of them is on its way; not if it is cheaper to compute
     */
    boolean isComing(PrefixNode node, int[] tokens, int most, int known) {
        if (node.key() == null) return false;
        PrefixTier.Chunk first = next(node, node.key(), tokens, most, known);
        if (first == null) return false;
        for (Promotion p : underWay) if (p.parent == node && p.chunks.contains(first)) return true;
        List<PrefixTier.Chunk> worth = worthReading(first, node, tokens, most, known);
        if (worth.isEmpty()) return false;
        Promotion promotion = new Promotion(node, new ArrayDeque<>(), new ArrayDeque<>());
        for (PrefixTier.Chunk chunk : worth) {
            PrefixTier.Reading reading = tier.read(chunk);
            if (reading == null) break;
            promotion.chunks.add(chunk);
            promotion.readings.add(reading);
        }
        if (!promotion.chunks.isEmpty()) {
            node.root().pins++;
            underWay.add(promotion);
            begun++;
        }
        return true; // if nothing could be begun, others are on their way, and it is looked at again when they are
        // there
    }

    /** Of the strides that the tier has one after the other, as many as save most. */
    private List<PrefixTier.Chunk> worthReading(
            PrefixTier.Chunk first, PrefixNode node, int[] tokens, int most, int known) {
        List<PrefixTier.Chunk> all = new ArrayList<>();
        PrefixKey key = node.key();
        int end = node.end();
        int have = known;
        double saved = 0;
        double mostSaved = 0;
        int best = 0;
        for (PrefixTier.Chunk chunk = first; chunk != null; chunk = next(node, key, tokens, most, end)) {
            int common = PrefixNode.common(
                    chunk.tokens(), PrefixIndex.following(tokens, end, Math.min(most, end + node.strideTokens)));
            saved += recall.saved(have, end + common - have, chunk.pages() * pool.pageBytes());
            all.add(chunk);
            if (saved > mostSaved) {
                mostSaved = saved;
                best = all.size();
            }
            key = key.then(chunk.tokens());
            end += chunk.tokens().length;
            have = end;
            if (end % node.strideTokens != 0) break;
        }
        return all.subList(0, best);
    }

    long begun() {
        return begun;
    }

    /** A whole stride, or one that brings enough of a part. */
    private PrefixTier.Chunk next(PrefixNode node, PrefixKey key, int[] tokens, int most, int known) {
        int from = known - known % node.strideTokens;
        int to = Math.min(most, from + node.strideTokens);
        if (to <= from) return null;
        int[] following = PrefixIndex.following(tokens, from, to);
        PrefixTier.Chunk chunk = tier.find(key, following);
        if (chunk == null) return null;
        int common = PrefixNode.common(chunk.tokens(), following);
        return common == node.strideTokens || from + common >= known + LEAST_OF_A_PART ? chunk : null;
    }

    /** Enters what has come. Returns whether anything did. */
    boolean land() {
        boolean any = false;
        for (Iterator<Promotion> it = underWay.iterator(); it.hasNext(); ) {
            Promotion p = it.next();
            if (!p.readings.stream().allMatch(PrefixTier.Reading::isDone)) continue;
            it.remove();
            any = true;
            try {
                enter(p);
            } finally {
                p.close();
                index.unpinRoot(p.parent.root());
            }
        }
        return any;
    }

    private void enter(Promotion p) {
        PrefixNode parent = p.parent;
        Iterator<PrefixTier.Reading> readings = p.readings.iterator();
        for (PrefixTier.Chunk chunk : p.chunks) {
            MemorySegment bytes = readings.next().bytes();
            if (bytes == null || parent.isGone) return;
            PrefixNode there = parent.children.get(chunk.tokens());
            if (there == null) {
                // the least idle give way, the parent not among them
                index.touch(parent);
                if (pool.free() + index.idlePages() - parent.pages.length < chunk.pages()) return;
                there = copied(parent, chunk, bytes);
                if (there == null) return;
            }
            parent = there;
        }
    }

    private PrefixNode copied(PrefixNode parent, PrefixTier.Chunk chunk, MemorySegment bytes) {
        int[] pages = new int[chunk.pages()];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = pool.lease();
            pool.bytes(pages[i]).copyFrom(bytes.asSlice(i * pool.pageBytes(), pool.pageBytes()));
        }
        PrefixNode node = parent.isGone ? null : index.add(parent, chunk.tokens(), pages);
        for (int page : pages) pool.release(page); // the index holds them now
        return node;
    }

    void close() {
        for (Promotion p : underWay) {
            p.close();
            index.unpinRoot(p.parent.root());
        }
        underWay.clear();
    }
}
