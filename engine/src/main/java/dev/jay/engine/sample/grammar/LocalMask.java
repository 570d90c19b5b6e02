// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.Arrays;

/**
 * What one state of a network says of all tokens by itself: those it allows whatever lies behind its rule, and branches
 * of the trie whose tokens go past the rule's end, so that only the whole state can tell (XGrammar's context-independent
 * and context-dependent tokens). All others it forbids.
 *
 * @param allowed  whatever lies behind
 * @param branches nodes of the trie, first of one, its end, first of the next...
 */
record LocalMask(TokenMask allowed, int[] branches) {
    /** Walks the trie once. */
    static LocalMask of(Automaton automaton, TokenTrie trie, int state) {
        long[] allowed = new long[(trie.vocabulary() + 63) / 64];
        int[] branches = new int[8];
        int n = 0;
        GrammarState[] way = new GrammarState[trie.deepest + 1];
        int left = Integer.MAX_VALUE; // the least depth of the way where the rule may end
        way[0] = automaton.alone(state);
        for (int node = 0; node < trie.nodes(); ) {
            int depth = trie.depth[node];
            if (depth <= left) left = Integer.MAX_VALUE;
            GrammarState to = automaton.next(way[depth - 1], trie.label[node] & 0xff);
            boolean dead = to.isDead();
            way[depth] = to;
            if (dead) {
                if (left < depth) {
                    n = noted(branches, n, node, trie.skip[node]);
                    if (n == branches.length) branches = Arrays.copyOf(branches, 2 * n);
                }
                node = trie.skip[node];
                continue;
            }
            for (int t = trie.token[node]; t >= 0; t = trie.same[t]) allowed[t >> 6] |= 1L << t;
            if (to.leaves && left > depth) left = depth;
            node++;
        }
        return new LocalMask(TokenMask.of(allowed), Arrays.copyOf(branches, n));
    }

    private static int noted(int[] branches, int n, int from, int to) {
        if (n > 0 && branches[n - 1] == from) {
            branches[n - 1] = to;
            return n;
        }
        branches[n] = from;
        branches[n + 1] = to;
        return n + 2;
    }

    long heapBytes() {
        return 64 + allowed.heapBytes() + 4L * branches.length;
    }
}
