// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import dev.jay.model.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A vocabulary as a tree of bytes, laid out depth first, so that whole branches are skipped. Tokens without text
 * (control tokens) are not in it, but for those that are to be read as they are written. Immutable; made once a model.
 */
public final class TokenTrie {
    final byte[] label; // of each node; a node stands behind its parent
    final short[] depth; // of each node, from 1
    final int[] parent; // -1: none
    final int[] skip; // the first node behind its branch
    final int[] token; // that ends at the node; -1: none
    final int[] same; // of each token the next one with the same bytes; -1: none
    final int deepest;
    private final int[] nodeOf; // of each token; -1: it has no text
    private final int vocabulary;
    private final Set<Integer> ends;

    private TokenTrie(List<byte[]> bytes, Integer[] order, int nodes, int deepest, Set<Integer> ends) {
        this.label = new byte[nodes];
        this.depth = new short[nodes];
        this.parent = new int[nodes];
        this.skip = new int[nodes];
        this.token = new int[nodes];
        this.same = new int[bytes.size()];
        this.nodeOf = new int[bytes.size()];
        this.deepest = deepest;
        this.vocabulary = bytes.size();
        this.ends = ends;
        Arrays.fill(token, -1);
        Arrays.fill(same, -1);
        Arrays.fill(nodeOf, -1);
        int[] open = new int[deepest + 1]; // the node of each depth on the way
        int n = 0;
        byte[] last = {};
        for (int t : order) {
            byte[] now = bytes.get(t);
            int common = Arrays.mismatch(last, now);
            if (common < 0) { // the same bytes
                nodeOf[t] = open[now.length];
                same[t] = token[nodeOf[t]];
                token[nodeOf[t]] = t;
                continue;
            }
            for (int d = common + 1; d <= last.length; d++) skip[open[d]] = n;
            for (int d = common + 1; d <= now.length; d++) {
                label[n] = now[d - 1];
                depth[n] = (short) d;
                parent[n] = d == 1 ? -1 : open[d - 1];
                open[d] = n++;
            }
            nodeOf[t] = open[now.length];
            token[nodeOf[t]] = t;
            last = now;
        }
        for (int d = 1; d <= last.length; d++) skip[open[d]] = n;
    }

    /** @param written control tokens that are read as text, as the vocabulary writes them */
    public static TokenTrie of(Tokenizer tokenizer, Set<Integer> written) {
        List<byte[]> bytes = new ArrayList<>(tokenizer.size());
        int with = 0;
        for (int t = 0; t < tokenizer.size(); t++) {
            boolean text = written.contains(t);
            byte[] of = text ? tokenizer.piece(t).getBytes(StandardCharsets.UTF_8) : tokenizer.bytes(t);
            if (of.length > Short.MAX_VALUE) of = new byte[0]; // no grammar needs it
            bytes.add(of);
            if (of.length > 0) with++;
        }
        Integer[] order = new Integer[with];
        for (int t = 0, n = 0; t < bytes.size(); t++) if (bytes.get(t).length > 0) order[n++] = t;
        Arrays.sort(order, (a, b) -> Arrays.compareUnsigned(bytes.get(a), bytes.get(b)));
        int nodes = 0;
        int deepest = 0;
        byte[] last = {};
        for (int t : order) {
            int common = Arrays.mismatch(last, bytes.get(t));
            nodes += common < 0 ? 0 : bytes.get(t).length - common;
            deepest = Math.max(deepest, bytes.get(t).length);
            last = bytes.get(t);
        }
        return new TokenTrie(bytes, order, nodes, deepest, Set.copyOf(tokenizer.endOfGeneration()));
    }

    public int vocabulary() {
        return vocabulary;
    }

    /** What a token is read as; empty where it has no text. */
    byte[] bytes(int of) {
        int node = nodeOf[of];
        if (node < 0) return new byte[0];
        byte[] bytes = new byte[depth[node]];
        for (int i = bytes.length - 1; i >= 0; i--, node = parent[node]) bytes[i] = label[node];
        return bytes;
    }

    /** The tokens that end a text. */
    Set<Integer> ends() {
        return ends;
    }

    int nodes() {
        return label.length;
    }

    /** What it takes of the heap, about. */
    public long heapBytes() {
        return 128 + 15L * label.length + 8L * same.length;
    }
}
