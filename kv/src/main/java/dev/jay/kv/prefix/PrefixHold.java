// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import java.util.ArrayDeque;
import java.util.Deque;

/** What one sequence has in the index: the strides it stands on, its own among them once they are whole. */
public final class PrefixHold {
    private final PrefixIndex index;
    private final Deque<PrefixNode> path = new ArrayDeque<>();
    private final PrefixNode root;
    private PrefixNode tail; // pinned until its rows have been copied
    private int tailTokens;
    private int pages;
    private boolean released;

    PrefixHold(PrefixIndex index, PrefixNode deepest, PrefixNode tail, int tailTokens) {
        this.index = index;
        this.tail = tail;
        this.tailTokens = tailTokens;
        PrefixNode node = deepest;
        for (; node.parent != null; node = node.parent) {
            path.addFirst(node);
            pages += node.pages.length;
        }
        this.root = node;
    }

    private PrefixNode deepest() {
        return path.isEmpty() ? root : path.getLast();
    }

    /** Tokens of the whole strides. */
    public int sharedTokens() {
        return deepest().end();
    }

    /** Pages of the whole strides: those the sequence shares. */
    public int sharedPages() {
        return pages;
    }

    /** Tokens that {@link #into} brings: of whole strides, and of one that begins alike. */
    public int tokens() {
        return sharedTokens() + tailTokens;
    }

    /** Does without the stride that only begins alike: its pages may be needed. */
    public void dropTail() {
        if (tail != null) index.unpin(tail);
        tail = null;
        tailTokens = 0;
    }

    /** Fills an empty cache with what is held. */
    public void into(Strided cache) {
        for (PrefixNode node : path) cache.adopt(node.stride(), node.tokens.length);
        try {
            if (tail != null) cache.adopt(tail.stride(), tailTokens);
        } finally {
            dropTail();
        }
    }

    /**
     * Shares the strides that have become whole since.
     *
     * @param tokens   of the sequence; borrowed
     * @param computed tokens whose keys and values the cache holds
     * @return how many pages of the cache are the index's now
     */
    public int extend(int[] tokens, int computed, Strided cache) {
        int moved = 0;
        int stride = root.strideTokens;
        for (int at; (at = sharedTokens()) + stride <= computed; ) {
            Stride own = cache.stride(at / stride);
            PrefixNode next = index.follow(deepest(), PrefixIndex.following(tokens, at, at + stride), own.pages());
            if (next.pages != own.pages()) cache.replace(at / stride, next.stride());
            path.addLast(next);
            moved += own.pages().length;
        }
        pages += moved;
        return moved;
    }

    /** The sequence has ended or gives way; what it computed is kept while there is room. Before its cache is closed. */
    public void end(int[] tokens, int computed, Strided cache) {
        dropTail();
        extend(tokens, computed, cache);
        int at = sharedTokens();
        if (computed > at) {
            Stride last = cache.stride(at / root.strideTokens);
            int[] of = PrefixIndex.following(tokens, at, Math.min(computed, at + last.tokens()));
            if (of.length > 0) index.keepTail(deepest(), of, last.pages());
        }
        release();
    }

    /** Stands on nothing any more. Again does nothing. */
    public void release() {
        if (released) return;
        released = true;
        dropTail();
        while (!path.isEmpty()) index.unpin(path.removeLast());
        index.unpinRoot(root);
        pages = 0;
    }
}
