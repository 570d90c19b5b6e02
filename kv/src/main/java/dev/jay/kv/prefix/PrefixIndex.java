// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import dev.jay.kv.pool.PagePool;
import java.util.Arrays;
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
    private final PrefixTier tier;
    private final Promotions promotions;
    private final Map<Object, PrefixNode> roots = new HashMap<>();
    private final TreeSet<PrefixNode> idleLeaves = new TreeSet<>(PrefixIndex::leastWorthFirst);
    private double floor;
    private long uses;
    private long ids;
    private int pinnedPages;
    private int idlePages;
    private long letGo;

    /** Written out, as comparators of the library's making are linked anew by every start. */
    private static int leastWorthFirst(PrefixNode a, PrefixNode b) {
        int byWorth = Double.compare(a.worth, b.worth);
        return byWorth != 0 ? byWorth : Long.compare(a.id, b.id);
    }

    public PrefixIndex(PagePool pool, PageReplacement replacement) {
        this(pool, replacement, PrefixTier.NONE);
    }

    /** @param tier borrowed: where prefixes of {@link Salted} variants go that give way */
    public PrefixIndex(PagePool pool, PageReplacement replacement, PrefixTier tier) {
        this.pool = pool;
        this.replacement = replacement;
        this.tier = tier;
        this.promotions = new Promotions(this, pool, tier, tier.recall());
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
        PrefixNode root = rootOf(variant, strideTokens);
        root.pins++;
        PrefixNode node = deepest(root, tokens, most);
        for (PrefixNode n = node; n.parent != null; n = n.parent) pin(n);
        int[] rest = following(tokens, node.end(), Math.min(most, node.end() + strideTokens));
        PrefixNode tail = rest.length == 0 ? null : node.nearest(rest);
        if (tail != null) pin(tail);
        return new PrefixHold(this, node, tail, PrefixNode.common(tail, rest));
    }

    /** How many of the first {@code most} tokens are known, without holding them. */
    public int known(Object variant, int[] tokens, int most) {
        PrefixNode root = roots.get(variant);
        return root == null ? 0 : known(deepest(root, tokens, most), tokens, most);
    }

    private static int known(PrefixNode node, int[] tokens, int most) {
        int[] rest = following(tokens, node.end(), Math.min(most, node.end() + node.strideTokens));
        return node.end() + PrefixNode.common(rest.length == 0 ? null : node.nearest(rest), rest);
    }

    private PrefixNode rootOf(Object variant, int strideTokens) {
        PrefixNode root = roots.computeIfAbsent(variant, v -> PrefixNode.root(v, strideTokens));
        if (root.strideTokens != strideTokens) {
            throw new IllegalArgumentException(
                    "prefix index: strideTokens=" + strideTokens + ", the variant's=" + root.strideTokens);
        }
        return root;
    }

    /** The last of the whole strides that are known. */
    private static PrefixNode deepest(PrefixNode root, int[] tokens, int most) {
        PrefixNode node = root;
        for (PrefixNode next; node.end() + node.strideTokens <= most; node = next) {
            next = node.children.get(following(tokens, node.end(), node.end() + node.strideTokens));
            if (next == null) break;
        }
        return node;
    }

    /**
     * Whether the tier has more of these tokens than is known here, and it is on its way: then it is worth to wait and to
     * ask again after {@link #land}. The first who asks has it sent for.
     */
    public boolean isComing(Object variant, int strideTokens, int[] tokens, int most) {
        if (tier == PrefixTier.NONE) return false;
        PrefixNode root = rootOf(variant, strideTokens);
        PrefixNode node = deepest(root, tokens, most);
        boolean coming = promotions.isComing(node, tokens, most, known(node, tokens, most));
        forgetIfEmpty(root);
        return coming;
    }

    /** How often something has been sent for. */
    public long sentFor() {
        return promotions.begun();
    }

    /** Takes in what has come from the tier since. Returns whether anything has. */
    public boolean land() {
        return promotions.land();
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

    PrefixNode add(PrefixNode parent, int[] tokens, int[] pages) {
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

    void touch(PrefixNode node) {
        if (node.parent == null) return;
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
        demote(least, false);
        letGo(least);
        letGo += least.pages.length;
        return true;
    }

    private void demote(PrefixNode node, boolean wait) {
        if (tier != PrefixTier.NONE && node.parent.key() != null)
            tier.demote(node.parent.key(), node.tokens, node.pages, wait);
    }

    private void letGo(PrefixNode node) {
        node.isGone = true;
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

    /** Lets go of all that is idle; the tier has it all afterwards, as far as it has room. */
    public void clear() {
        promotions.close();
        while (!idleLeaves.isEmpty()) {
            demote(idleLeaves.first(), true);
            letGo(idleLeaves.first());
        }
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
