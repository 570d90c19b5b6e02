// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv.prefix;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** One stride of a known prefix, and what is known to follow it. Children lie in the order of their tokens. */
final class PrefixNode {
    final PrefixNode parent; // null: a root, which holds nothing
    final int strideTokens;
    final int position; // of its first token
    final int[] tokens;
    final int[] pages;
    final long id;
    final TreeMap<int[], PrefixNode> children = new TreeMap<>(Arrays::compare);
    private PrefixKey key; // of all tokens up to its end; null where it may not leave this process
    int pins; // holds of it or of what follows it
    double worth;
    boolean isGone;

    private PrefixNode(PrefixNode parent, int strideTokens, int position, int[] tokens, int[] pages, long id) {
        this.parent = parent;
        this.strideTokens = strideTokens;
        this.position = position;
        this.tokens = tokens;
        this.pages = pages;
        this.id = id;
    }

    static PrefixNode root(Object variant, int strideTokens) {
        PrefixNode root = new PrefixNode(null, strideTokens, 0, new int[0], new int[0], 0);
        if (variant instanceof Salted salted) root.key = PrefixKey.of(salted.salt());
        return root;
    }

    PrefixNode child(int[] following, int[] itsPages, long itsId) {
        return new PrefixNode(this, strideTokens, end(), following, itsPages, itsId);
    }

    PrefixNode root() {
        PrefixNode node = this;
        while (node.parent != null) node = node.parent;
        return node;
    }

    PrefixKey key() {
        if (key == null && parent != null && parent.key() != null)
            key = parent.key().then(tokens);
        return key;
    }

    int end() {
        return position + tokens.length;
    }

    boolean isWhole() {
        return tokens.length == strideTokens;
    }

    boolean isIdleLeaf() {
        return parent != null && pins == 0 && children.isEmpty();
    }

    Stride stride() {
        return new Stride(tokens.length, pages);
    }

    /** The child that begins with most of these tokens, or null: in their order it is the one before or the one after. */
    PrefixNode nearest(int[] following) {
        PrefixNode before = of(children.floorEntry(following));
        PrefixNode after = of(children.ceilingEntry(following));
        PrefixNode best = common(before, following) >= common(after, following) ? before : after;
        return common(best, following) == 0 ? null : best;
    }

    private static PrefixNode of(Map.Entry<int[], PrefixNode> entry) {
        return entry == null ? null : entry.getValue();
    }

    /** How many tokens they begin with alike. */
    static int common(PrefixNode child, int[] following) {
        return child == null ? 0 : common(child.tokens, following);
    }

    static int common(int[] a, int[] b) {
        int differ = Arrays.mismatch(a, b);
        return differ < 0 ? b.length : differ;
    }
}
