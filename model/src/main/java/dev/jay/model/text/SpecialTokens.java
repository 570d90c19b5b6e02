// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.TokenType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Finds the tokens that stand for themselves in a text, before anything else looks at it: user-defined ones always,
 * control and unknown ones when asked. A longer token goes before a shorter one wherever they stand, then the left one
 * first. Near linear: a trie finds what may stand where, and what overlaps a longer one is looked up again.
 */
final class SpecialTokens {
    /** A part of the text: plain, or one token. Bytes {@code from .. to}. */
    record Fragment(int from, int to, int token) {
        static final int PLAIN = -1;
    }

    private static final int MOST_BYTES = 512;
    private static final int MOST_NODES = 1 << 20; // 13 MiB; real vocabularies have some thousands of special tokens

    private final Vocabulary vocabulary;
    private final BitSet eatsSpaceBehind;
    /** The trie: the first child of the root by its byte; of others by {@code child}, and the rest by {@code sibling}. */
    private final int[] roots = new int[256];

    private byte[] labels = new byte[64];
    private int[] child = new int[64];
    private int[] sibling = new int[64];
    private int[] tokens = new int[64];
    private int nodes = 1;

    /** @param eatsSpaceBehind tokens to which ASCII white space behind them belongs */
    SpecialTokens(Vocabulary vocabulary, BitSet eatsSpaceBehind) {
        this.vocabulary = vocabulary;
        this.eatsSpaceBehind = eatsSpaceBehind;
        for (int t = 0; t < vocabulary.size(); t++) {
            byte[] text = isSpecial(vocabulary, t) ? vocabulary.bytes(t) : new byte[0];
            if (text.length > 0 && text.length <= MOST_BYTES) insert(text, t);
        }
    }

    static boolean isSpecial(Vocabulary vocabulary, int token) {
        byte type = vocabulary.type(token);
        return type == TokenType.CONTROL || type == TokenType.USER_DEFINED || type == TokenType.UNKNOWN;
    }

    /** The parts in the order of the text, none of them empty; together they are the text. */
    List<Fragment> split(byte[] text, boolean parseSpecial) {
        List<Fragment> found = find(text, parseSpecial);
        List<Fragment> all = new ArrayList<>(2 * found.size() + 1);
        int at = 0;
        for (Fragment f : found) {
            if (f.from > at) all.add(new Fragment(at, f.from, Fragment.PLAIN));
            all.add(f);
            at = f.to;
        }
        if (at < text.length) all.add(new Fragment(at, text.length, Fragment.PLAIN));
        return all;
    }

    private List<Fragment> find(byte[] text, boolean parseSpecial) {
        // Longest first, then leftmost: the key is (how much shorter than the longest) << 32 | position.
        LongHeap candidates = new LongHeap();
        for (int i = 0; i < text.length; i++) {
            if (roots[text[i] & 0xFF] != 0) propose(candidates, text, i, text.length, parseSpecial);
        }
        BitSet taken = new BitSet();
        List<Fragment> found = new ArrayList<>();
        while (!candidates.isEmpty()) {
            long key = candidates.pop();
            int from = (int) key;
            int to = from + MOST_BYTES - (int) (key >> 32);
            if (taken.get(from)) continue;
            int next = taken.nextSetBit(from);
            int limit = next < 0 ? text.length : next;
            if (to > limit) {
                propose(candidates, text, from, limit, parseSpecial);
                continue;
            }
            int token = tokens[longest(text, from, to, parseSpecial)] - 1;
            while (eatsSpaceBehind.get(token) && to < limit && isAsciiSpace(text[to])) to++;
            taken.set(from, to);
            found.add(new Fragment(from, to, token));
        }
        found.sort((a, b) -> Integer.compare(a.from(), b.from()));
        return found;
    }

    private static boolean isAsciiSpace(byte b) {
        return b == ' ' || b >= 9 && b <= 13;
    }

    private void propose(LongHeap candidates, byte[] text, int from, int limit, boolean parseSpecial) {
        int node = longest(text, from, limit, parseSpecial);
        if (node == 0) return;
        candidates.push((long) (MOST_BYTES - vocabulary.length(tokens[node] - 1)) << 32 | from);
    }

    /** The node of the longest token at from that ends by limit, or 0. */
    private int longest(byte[] text, int from, int limit, boolean parseSpecial) {
        int best = 0;
        int node = roots[text[from] & 0xFF];
        for (int i = from; node != 0; ) {
            int token = tokens[node] - 1;
            if (token >= 0 && (parseSpecial || vocabulary.type(token) == TokenType.USER_DEFINED)) best = node;
            if (++i == limit) break;
            node = among(child[node], text[i]);
        }
        return best;
    }

    private int among(int first, byte label) {
        int node = first;
        while (node != 0 && labels[node] != label) node = sibling[node];
        return node;
    }

    private void insert(byte[] text, int token) {
        int node = roots[text[0] & 0xFF];
        if (node == 0) node = roots[text[0] & 0xFF] = newNode(text[0], 0);
        for (int i = 1; i < text.length; i++) {
            int next = among(child[node], text[i]);
            if (next == 0) {
                next = newNode(text[i], child[node]);
                child[node] = next;
            }
            node = next;
        }
        tokens[node] = token + 1;
    }

    private int newNode(byte label, int before) {
        if (nodes == MOST_NODES) {
            throw new MalformedModelException(
                    "reading the vocabulary: its special tokens are longer together than " + MOST_NODES + " bytes");
        }
        if (nodes == labels.length) {
            labels = Arrays.copyOf(labels, 2 * nodes);
            child = Arrays.copyOf(child, 2 * nodes);
            sibling = Arrays.copyOf(sibling, 2 * nodes);
            tokens = Arrays.copyOf(tokens, 2 * nodes);
        }
        labels[nodes] = label;
        sibling[nodes] = before;
        return nodes++;
    }
}
