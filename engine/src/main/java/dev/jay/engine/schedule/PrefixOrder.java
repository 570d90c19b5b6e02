// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * In which order requests share most when all of them are known beforehand (BatchLLM's global prefix tree): depth first
 * through the trie of their prompts, so that whoever shares a beginning comes together and the beginning is needed once
 * and for the shortest time. Of several branches the one with most decoding for its prefill goes first: long answers begin
 * early, and the prefill of later ones fills the steps beside them. Pure.
 */
public final class PrefixOrder {
    private final List<int[]> prompts;
    private final int[] answers;
    private final Integer[] sorted;

    private PrefixOrder(List<int[]> prompts, int[] answers) {
        this.prompts = prompts;
        this.answers = answers;
        this.sorted = new Integer[prompts.size()];
        Arrays.setAll(sorted, i -> i);
        Arrays.sort(sorted, Comparator.comparing(prompts::get, Arrays::compare).thenComparingInt((Integer i) -> i));
    }

    /**
     * @param prompts borrowed
     * @param answers how many tokens the answer to each is thought to have
     * @return the places of the prompts, each once, in the order to run them
     */
    public static int[] of(List<int[]> prompts, int... answers) {
        if (prompts.size() != answers.length) {
            throw new IllegalArgumentException(
                    "prefix order: prompts=" + prompts.size() + ", answers=" + answers.length + ", wanted as many");
        }
        return prompts.isEmpty() ? new int[0] : new PrefixOrder(prompts, answers).walk();
    }

    /** Tokens of the trie of these prompts: what has to be computed if nothing is computed twice. */
    public static long uniqueTokens(List<int[]> prompts) {
        List<int[]> sorted = new ArrayList<>(prompts);
        sorted.sort(Arrays::compare);
        long unique = 0;
        int[] before = new int[0];
        for (int[] each : sorted) {
            unique += each.length - common(before, each);
            before = each;
        }
        return unique;
    }

    /** A place where prompts part, or the end of one. */
    private static final class Node {
        private final int depth; // tokens from the root
        private final int prompt; // -1: where several part
        private final List<Node> children = new ArrayList<>();
        private int first = Integer.MAX_VALUE; // the earliest prompt of it
        private long prefill; // tokens below it
        private long decode;
        private double ratio;

        Node(int depth, int prompt) {
            this.depth = depth;
            this.prompt = prompt;
        }

        /** @param child whole: nothing more will be added to it */
        void add(Node child) {
            long tokens = child.prefill + child.depth - depth;
            child.ratio = child.decode / (double) Math.max(1, tokens);
            children.add(child);
            prefill += tokens;
            decode += child.decode;
            first = Math.min(first, child.first);
        }
    }

    private int[] walk() {
        Deque<Node> left = new ArrayDeque<>();
        left.push(tree());
        int[] order = new int[prompts.size()];
        int at = 0;
        while (!left.isEmpty()) {
            Node node = left.pop();
            if (node.prompt >= 0) order[at++] = node.prompt;
            node.children.sort(Comparator.comparingDouble((Node n) -> -n.ratio).thenComparingInt(n -> n.first));
            for (Node child : node.children.reversed()) left.push(child);
        }
        return order;
    }

    /** From the sorted prompts and what neighbours have in common; iterative, since prompts may nest as deep as they are long. */
    private Node tree() {
        Deque<Node> open = new ArrayDeque<>(); // each deeper than the one below it; the last is the end of a prompt
        int[] before = null;
        for (int i : sorted) {
            int[] prompt = prompts.get(i);
            close(open, before == null ? 0 : common(before, prompt));
            Node end = new Node(prompt.length, i);
            end.first = i;
            end.decode = answers[i];
            open.push(end);
            before = prompt;
        }
        close(open, 0);
        return open.pop();
    }

    /** Closes what is not shared any more; a node where {@code depth} tokens are shared is open afterwards, as the last. */
    private static void close(Deque<Node> open, int depth) {
        while (!open.isEmpty() && (open.peek().prompt >= 0 || open.peek().depth > depth)) {
            Node done = open.pop();
            if (open.isEmpty() || open.peek().depth < depth) open.push(new Node(depth, -1));
            open.peek().add(done);
        }
        if (open.isEmpty()) open.push(new Node(depth, -1));
    }

    private static int common(int[] a, int[] b) {
        int differ = Arrays.mismatch(a, b);
        return differ < 0 ? a.length : differ;
    }
}
