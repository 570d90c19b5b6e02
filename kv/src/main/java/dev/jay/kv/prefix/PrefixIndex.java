// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import dev.jay.kv.pool.PagePool;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * Prefixes whose keys and values are known, found by their tokens, a stride at a time (a radix tree, as RadixAttention
 * has it). The index is one more holder of each page. What sequences that run stand on stays; the rest is idle and gives
 * way when the pool is short, the one of least worth first, the end of a prefix before its beginning. Confined to the
 * engine thread. Borrows the pool.
 */
public final class PrefixIndex implements AutoCloseable {
    private final PagePool pool;
    private final PageReplacement replacement;
    private final Map<Object, PrefixNode> roots = new HashMap<>();
    private final TreeSet<PrefixNode> idleLeaves =
            new TreeSet<>(Comparator.comparingDouble((PrefixNode n) -> n.worth).thenComparingLong(n -> n.id));
    private double floor;
    private long uses;
    private long ids;
    private int pinnedPages;
    private int idlePages;
    private long letGo;

    public PrefixIndex(PagePool pool, PageReplacement replacement) {
        this.pool = pool;
        this.replacement = replacement;
        pool.whenShort(this::letGoOfOne);
    }

    /**
     * Finds the longest known beginning of these tokens and keeps it from being let go.
     *
     * @param variant      all else that the keys and values depend on: numerics, adapter, and whose they are
     * @param strideTokens of the caches of this variant
     * @param tokens       borrowed
     * @param most         of them at most
     */
    public PrefixHold hold(Object variant, int strideTokens, int[] tokens, int most) {
        uses++;
        PrefixNode node = roots.computeIfAbsent(variant, _ -> PrefixNode.root(strideTokens));
        if (node.strideTokens != strideTokens) {
            throw new IllegalArgumentException(
                    "prefix index: strideTokens=" + strideTokens + ", the variant's=" + node.strideTokens);
        }
        node.pins++;
        for (PrefixNode next; node.end() + strideTokens <= most; node = next) {
            next = node.children.get(following(tokens, node.end(), node.end() + strideTokens));
            if (next == null) break;
            pin(next);
        }
        int[] rest = following(tokens, node.end(), Math.min(most, node.end() + strideTokens));
        PrefixNode tail = rest.length == 0 ? null : node.nearest(rest);
        if (tail != null) pin(tail);
        return new PrefixHold(this, node, tail, PrefixNode.common(tail, rest));
    }

    /** How many of the first {@code most} tokens are known, without holding them. */
    public int known(Object variant, int[] tokens, int most) {
        PrefixNode node = roots.get(variant);
        if (node == null) return 0;
        for (PrefixNode next; node.end() + node.strideTokens <= most; node = next) {
            next = node.children.get(following(tokens, node.end(), node.end() + node.strideTokens));
            if (next == null) break;
        }
        int[] rest = following(tokens, node.end(), Math.min(most, node.end() + node.strideTokens));
        return node.end() + PrefixNode.common(rest.length == 0 ? null : node.nearest(rest), rest);
    }

    static int[] following(int[] tokens, int from, int to) {
        return Arrays.copyOfRange(tokens, from, to);
    }

    /** The child of these tokens, pinned: the one that is there, or a new one over these pages. */
    PrefixNode follow(PrefixNode parent, int[] tokens, int[] pages) {
        PrefixNode child = parent.children.get(tokens);
        if (child == null) {
            child = add(parent, tokens, pages);
        }
        pin(child);
        return child;
    }

    /** Keeps the last, part stride of a sequence that has ended, unless one that is known begins with it. */
    void keepTail(PrefixNode parent, int[] tokens, int[] pages) {
        if (PrefixNode.common(parent.nearest(tokens), tokens) == tokens.length) return;
        uses++;
        add(parent, tokens, pages);
    }

    private PrefixNode add(PrefixNode parent, int[] tokens, int[] pages) {
        PrefixNode shorter = parent.nearest(tokens);
        for (int page : pages) pool.retain(page);
        PrefixNode child = parent.child(tokens, pages, ++ids);
        idleLeaves.remove(parent);
        parent.children.put(tokens, child);
        idlePages += pages.length;
        touch(child);
        // what it goes on from is known by it now
        if (shorter != null && shorter.isIdleLeaf() && PrefixNode.common(shorter, tokens) == shorter.tokens.length) {
            letGo(shorter);
        }
        return child;
    }

    private void touch(PrefixNode node) {
        idleLeaves.remove(node);
        node.worth = replacement.worth(floor, uses, node.position, node.tokens.length);
        if (node.isIdleLeaf()) idleLeaves.add(node);
    }

    void pin(PrefixNode node) {
        if (node.parent == null) return;
        idleLeaves.remove(node);
        if (node.pins++ == 0) {
            pinnedPages += node.pages.length;
            idlePages -= node.pages.length;
        }
        touch(node);
    }

    void unpin(PrefixNode node) {
        if (--node.pins > 0) return;
        pinnedPages -= node.pages.length;
        idlePages += node.pages.length;
        if (node.isIdleLeaf()) idleLeaves.add(node);
    }

    /** Lets go of the idle prefix of least worth. False if none is idle. */
    public boolean letGoOfOne() {
        if (idleLeaves.isEmpty()) return false;
        PrefixNode least = idleLeaves.first();
        floor = Math.max(floor, least.worth);
        letGo(least);
        letGo += least.pages.length;
        return true;
    }

    private void letGo(PrefixNode node) {
        idleLeaves.remove(node);
        idlePages -= node.pages.length;
        for (int page : node.pages) pool.release(page);
        PrefixNode parent = node.parent;
        parent.children.remove(node.tokens);
        if (parent.isIdleLeaf()) idleLeaves.add(parent);
        forgetIfEmpty(parent);
    }

    void unpinRoot(PrefixNode root) {
        root.pins--;
        forgetIfEmpty(root);
    }

    private void forgetIfEmpty(PrefixNode node) {
        if (node.parent == null && node.pins == 0 && node.children.isEmpty())
            roots.values().remove(node);
    }

    /** Pages of prefixes that sequences which run stand on, each counted once. */
    public int pinnedPages() {
        return pinnedPages;
    }

    /** Pages that nobody but the index holds. */
    public int idlePages() {
        return idlePages;
    }

    /** Pages let go of for want of room, since the start. */
    public long letGoPages() {
        return letGo;
    }

    /** Lets go of all that is idle. */
    public void clear() {
        while (!idleLeaves.isEmpty()) letGo(idleLeaves.first());
    }

    /** Every hold has been given back. */
    @Override
    public void close() {
        clear();
        if (pinnedPages != 0 || idlePages != 0) {
            throw new IllegalStateException("prefixes still held: pinned=" + pinnedPages + ", idle=" + idlePages);
        }
    }
}
