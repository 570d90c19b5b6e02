// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** Which of some texts stands at a place. Written by one thread, then read by many. */
final class ByteTrie {
    private static final int MOST_NODES = 1 << 20;

    private final String what;
    /** The trie: children of the root by their byte; of others a first child, and the rest as its siblings. */
    private final int[] roots = new int[256];

    private byte[] labels = new byte[64];
    private int[] child = new int[64];
    private int[] sibling = new int[64];
    /** Value + 1, or 0. */
    private int[] values = new int[64];

    private int[] depths = new int[64];
    private int nodes = 1;

    /** @param what what the texts are, for messages */
    ByteTrie(String what) {
        this.what = what;
    }

    /** A node of the text that was found, and so its value and length. */
    record Found(int value, int length) {}

    /** The longest text at a place whose value is wanted, or null. */
    Found longest(byte[] text, int from, IntPredicate wanted) {
        int best = 0;
        int node = roots[text[from] & 0xFF];
        for (int i = from + 1; node != 0; i++) {
            if (values[node] != 0 && wanted.test(values[node] - 1)) best = node;
            if (i == text.length) break;
            node = among(child[node], text[i]);
        }
        return best == 0 ? null : new Found(values[best] - 1, depths[best]);
    }

    /** A text that is there already gets the later value. */
    void put(byte[] text, int value) {
        int node = roots[text[0] & 0xFF];
        if (node == 0) node = roots[text[0] & 0xFF] = newNode(text[0], 0, 1);
        for (int i = 1; i < text.length; i++) {
            int next = among(child[node], text[i]);
            if (next == 0) {
                next = newNode(text[i], child[node], i + 1);
                child[node] = next;
            }
            node = next;
        }
        values[node] = value + 1;
    }

    private int among(int first, byte label) {
        int node = first;
        while (node != 0 && labels[node] != label) node = sibling[node];
        return node;
    }

    private int newNode(byte label, int before, int depth) {
        if (nodes == MOST_NODES) {
            throw new MalformedModelException(
                    "reading the vocabulary: its " + what + " are longer together than " + MOST_NODES + " bytes");
        }
        if (nodes == labels.length) {
            labels = Arrays.copyOf(labels, 2 * nodes);
            child = Arrays.copyOf(child, 2 * nodes);
            sibling = Arrays.copyOf(sibling, 2 * nodes);
            values = Arrays.copyOf(values, 2 * nodes);
            depths = Arrays.copyOf(depths, 2 * nodes);
        }
        labels[nodes] = label;
        sibling[nodes] = before;
        depths[nodes] = depth;
        return nodes++;
    }
}
