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
    int pins; // holds of it or of what follows it
    double worth;

    private PrefixNode(PrefixNode parent, int strideTokens, int position, int[] tokens, int[] pages, long id) {
        this.parent = parent;
        this.strideTokens = strideTokens;
        this.position = position;
        this.tokens = tokens;
        this.pages = pages;
        this.id = id;
    }

    static PrefixNode root(int strideTokens) {
        return new PrefixNode(null, strideTokens, 0, new int[0], new int[0], 0);
    }

    PrefixNode child(int[] following, int[] itsPages, long itsId) {
        return new PrefixNode(this, strideTokens, end(), following, itsPages, itsId);
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
        if (child == null) return 0;
        int differ = Arrays.mismatch(child.tokens, following);
        return differ < 0 ? following.length : differ;
    }
}
