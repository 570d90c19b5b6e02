// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A grammar as it is written down: rules, each a graph of nodes; a step from one node to another takes a byte, a whole
 * rule, or nothing. {@link #build} makes a {@link Network} of it. Not thread-safe.
 */
final class NetworkBuilder {
    static final int MOST_NODES = 200_000;
    static final int MOST_RULES = 4096;

    /** A step: bytes low..high where {@code rule} is negative. */
    record Step(int low, int high, int rule, int to) {}

    /** What a rule is called, for people, and its two ends. */
    record Rule(String name, int start, int end) {}

    private final List<List<Step>> steps = new ArrayList<>();
    private final List<int[]> free = new ArrayList<>();
    private final List<Rule> rules = new ArrayList<>();
    private final Map<Object, Integer> named = new HashMap<>();

    int node() {
        if (steps.size() >= MOST_NODES) {
            throw new GrammarException(
                    "grammar: more than " + MOST_NODES + " places; its counts, enums or alternatives are too large");
        }
        steps.add(new ArrayList<>(1));
        free.add(null);
        return steps.size() - 1;
    }

    /** A rule that has no steps yet. The first one made is where the grammar begins. */
    int rule(String name) {
        if (rules.size() >= MOST_RULES) {
            throw new GrammarException("grammar: more than " + MOST_RULES + " rules");
        }
        rules.add(new Rule(name, node(), node()));
        return rules.size() - 1;
    }

    int start(int rule) {
        return rules.get(rule).start();
    }

    int end(int rule) {
        return rules.get(rule).end();
    }

    /** The rule kept under this key; -1 if none is. */
    int kept(Object key) {
        return named.getOrDefault(key, -1);
    }

    int keep(Object key, int rule) {
        named.put(key, rule);
        return rule;
    }

    void free(int from, int to) {
        int[] old = free.get(from);
        int[] more = old == null ? new int[1] : Arrays.copyOf(old, old.length + 1);
        more[more.length - 1] = to;
        free.set(from, more);
    }

    void bytes(int from, int low, int high, int to) {
        steps.get(from).add(new Step(low, high, -1, to));
    }

    void call(int from, int rule, int to) {
        steps.get(from).add(new Step(0, 0, rule, to));
    }

    void text(int from, String text, int to) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0) free(from, to);
        int at = from;
        for (int i = 0; i < bytes.length; i++) {
            int next = i + 1 < bytes.length ? node() : to;
            bytes(at, bytes[i] & 0xff, bytes[i] & 0xff, next);
            at = next;
        }
    }

    /** One character of a set, in UTF-8. */
    void character(int from, CodePoints set, int to) {
        int[] bounds = set.bounds();
        for (int i = 0; i < bounds.length; i += 2) {
            int low = bounds[i];
            int high = bounds[i + 1];
            for (int most : new int[] {0x7F, 0x7FF, 0xFFFF, CodePoints.LAST}) { // characters of one length
                if (low > high || low > most) continue;
                utf8(from, encoded(low), encoded(Math.min(high, most)), 0, to);
                low = most + 1;
            }
        }
    }

    private static byte[] encoded(int c) {
        return Character.toString(c).getBytes(StandardCharsets.UTF_8);
    }

    /** All encodings from {@code low} to {@code high}, which are equally long and alike before {@code at}. */
    private void utf8(int from, byte[] low, byte[] high, int at, int to) {
        int a = low[at] & 0xff;
        int b = high[at] & 0xff;
        if (at == low.length - 1) {
            bytes(from, a, b, to);
            return;
        }
        if (a == b) {
            int next = node();
            bytes(from, a, a, next);
            utf8(next, low, high, at + 1, to);
            return;
        }
        if (!isAll(low, at + 1, 0x80)) {
            byte[] last = low.clone();
            Arrays.fill(last, at + 1, last.length, (byte) 0xBF);
            int next = node();
            bytes(from, a, a, next);
            utf8(next, low, last, at + 1, to);
            a++;
        }
        if (!isAll(high, at + 1, 0xBF)) {
            byte[] first = high.clone();
            Arrays.fill(first, at + 1, first.length, (byte) 0x80);
            int next = node();
            bytes(from, b, b, next);
            utf8(next, first, high, at + 1, to);
            b--;
        }
        if (a > b) return;
        int next = node();
        bytes(from, a, b, next);
        for (int i = at + 1; i < low.length; i++) {
            int then = i == low.length - 1 ? to : node();
            bytes(next, 0x80, 0xBF, then);
            next = then;
        }
    }

    private static boolean isAll(byte[] bytes, int from, int value) {
        for (int i = from; i < bytes.length; i++) if ((bytes[i] & 0xff) != value) return false;
        return true;
    }

    List<Step> steps(int node) {
        return steps.get(node);
    }

    int[] freeSteps(int node) {
        return free.get(node);
    }

    List<Rule> rules() {
        return rules;
    }

    /**
     * @throws GrammarException if it allows no text at all, if a rule begins with itself, or if it is too large
     */
    Network build() {
        return new NetworkMaker(this).make();
    }
}
