// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One grammar over one vocabulary: states and the tokens each allows, found when first asked for and remembered. What a
 * mask is does not depend on what was asked before. All it remembers is bounded and can be forgotten at any time.
 * Thread-safe.
 */
public final class GrammarMasks {
    private final TokenTrie trie;
    private final Automaton automaton;
    private final Map<Integer, LocalMask> locals = new HashMap<>();
    private final long mostBytes;
    private long localBytes;

    /** @param mostBytes of heap for what is remembered, about: half for states, half for masks of single states */
    public GrammarMasks(Grammar grammar, TokenTrie trie, long mostBytes) {
        this.trie = trie;
        this.mostBytes = mostBytes;
        this.automaton = new Automaton(grammar.network(), mostBytes / 2);
    }

    /** Before any text. */
    public synchronized GrammarState start() {
        return automaton.start();
    }

    /** The tokens that may come here; those that end a text only where it may end. Never none. */
    public synchronized TokenMask mask(GrammarState state) {
        if (state.mask != null) return state.mask;
        long[] words = new long[(trie.vocabulary() + 63) / 64];
        List<LocalMask> all = new ArrayList<>();
        for (int s : state.states) all.add(local(s));
        for (LocalMask local : all) local.allowed().addTo(words);
        for (LocalMask local : all) {
            int[] branches = local.branches();
            for (int b = 0; b < branches.length; b += 2) walk(state, branches[b], branches[b + 1], words);
        }
        if (state.ends) for (int t : trie.ends()) words[t >> 6] |= 1L << t;
        TokenMask mask = TokenMask.of(words);
        state.mask = mask;
        automaton.kept(mask.heapBytes());
        return mask;
    }

    private LocalMask local(int state) {
        LocalMask known = locals.get(state);
        if (known != null) return known;
        LocalMask made = LocalMask.of(automaton, trie, state);
        if (localBytes + made.heapBytes() > mostBytes / 2) {
            locals.clear();
            localBytes = 0;
        }
        locals.put(state, made);
        localBytes += made.heapBytes();
        return made;
    }

    /** Tokens of some branches, side by side, that the whole state allows. */
    private void walk(GrammarState from, int first, int end, long[] words) {
        GrammarState[] way = new GrammarState[trie.deepest + 1];
        way[0] = from;
        int[] before = new int[trie.depth[first]];
        for (int node = trie.parent[first], d = before.length - 1; node >= 0; node = trie.parent[node])
            before[d--] = node;
        for (int d = 1; d < before.length; d++) way[d] = automaton.next(way[d - 1], trie.label[before[d]] & 0xff);
        for (int node = first; node < end; ) {
            int depth = trie.depth[node];
            GrammarState to = automaton.next(way[depth - 1], trie.label[node] & 0xff);
            way[depth] = to;
            if (to.isDead()) {
                node = trie.skip[node];
                continue;
            }
            for (int t = trie.token[node]; t >= 0; t = trie.same[t]) words[t >> 6] |= 1L << t;
            node++;
        }
    }

    /**
     * The state behind a token.
     *
     * @throws IllegalArgumentException if the token is not allowed here; one that ends a text leads nowhere
     */
    public synchronized GrammarState next(GrammarState state, int token) {
        GrammarState at = state;
        byte[] bytes = trie.bytes(token);
        for (byte b : bytes) at = automaton.next(at, b & 0xff);
        if (bytes.length == 0 || at.isDead()) {
            throw new IllegalArgumentException("grammar: token=" + token + " is not allowed here");
        }
        return automaton.current(at);
    }

    /** What is remembered takes this much of the heap, about. */
    public synchronized long heapBytes() {
        return automaton.heapBytes() + localBytes;
    }
}
