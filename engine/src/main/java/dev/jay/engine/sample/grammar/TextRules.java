// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.Locale;
import java.util.Map;

/**
 * Writes automata over characters as graphs over bytes: plain UTF-8, or the inside of a JSON string with its escapes.
 * Characters that take one byte are steps; all others of a set are a rule of their own, shared by every place that has
 * that set.
 */
final class TextRules {
    private static final CodePoints ASCII = CodePoints.of(0, 0x7F);
    private static final CodePoints PLAIN_IN_JSON = CodePoints.of(0x20, '!', '#', '[', ']', 0x7F);
    private static final CodePoints WIDE = ASCII.not();
    private static final Map<Integer, Character> SHORT =
            Map.of((int) '"', '"', (int) '\\', '\\', 8, 'b', 12, 'f', 10, 'n', 13, 'r', 9, 't');

    private final NetworkBuilder to;
    private final boolean json;

    /** @param json whether the text stands between a JSON string's quotes */
    TextRules(NetworkBuilder to, boolean json) {
        this.to = to;
        this.json = json;
    }

    void add(int from, CharDfa texts, int end) {
        int[] nodes = new int[texts.states()];
        for (int s = 0; s < nodes.length; s++) nodes[s] = to.node();
        to.free(from, nodes[0]);
        for (int s = 0; s < nodes.length; s++) {
            if (texts.ends(s)) to.free(nodes[s], end);
            for (Map.Entry<Integer, CodePoints> step : texts.steps(s).entrySet()) {
                character(nodes[s], step.getValue(), nodes[step.getKey()]);
            }
        }
    }

    private void character(int from, CodePoints set, int end) {
        CodePoints single = set.and(json ? PLAIN_IN_JSON : ASCII);
        to.character(from, single, end);
        CodePoints rest = set.and(single.not());
        if (rest.isEmpty()) return;
        boolean all = json && set.equals(CodePoints.ALL);
        record Key(CodePoints set, boolean json, boolean all) {}
        Key key = new Key(rest, json, all);
        int rule = to.kept(key);
        if (rule < 0) {
            rule = to.keep(key, to.rule("a character"));
            to.character(to.start(rule), rest.and(WIDE), to.end(rule));
            if (json) escapes(to.start(rule), rest, all, to.end(rule));
        }
        to.call(from, rule, end);
    }

    /** @param all whether any character may come, so that it may be escaped although it need not be */
    private void escapes(int from, CodePoints set, boolean all, int end) {
        int escape = to.node();
        to.bytes(from, '\\', '\\', escape);
        for (int c = 0; c < 128; c++) {
            if (!set.has(c)) continue;
            Character letter = SHORT.get(c);
            if (letter != null) to.text(escape, letter.toString(), end);
            else if (c < 0x20) to.text(escape, String.format(Locale.ROOT, "u%04x", c), end);
        }
        if (!all) return;
        to.text(escape, "/", end);
        int u = to.node();
        to.bytes(escape, 'u', 'u', u);
        surrogates(u, end);
        // four digits that are no surrogate: not D8 to DF in front
        int other = to.node();
        hex(u, "0123456789abcefABCEF", other);
        int d = to.node();
        hex(u, "dD", d);
        int three = to.node();
        hex(other, "0123456789abcdefABCDEF", three);
        hex(d, "01234567", three);
        twoDigits(three, end);
    }

    private void surrogates(int from, int end) {
        int high = to.node();
        int two = to.node();
        int low = to.node();
        int d = to.node();
        hex(from, "dD", high);
        hex(high, "89abAB", two);
        twoDigits(two, low);
        int u = to.node();
        to.bytes(low, '\\', '\\', u);
        int first = to.node();
        to.bytes(u, 'u', 'u', first);
        hex(first, "dD", d);
        int last = to.node();
        hex(d, "cdefCDEF", last);
        twoDigits(last, end);
    }

    private void twoDigits(int from, int end) {
        int one = to.node();
        hex(from, "0123456789abcdefABCDEF", one);
        hex(one, "0123456789abcdefABCDEF", end);
    }

    private void hex(int from, String digits, int end) {
        for (int i = 0; i < digits.length(); i++) to.bytes(from, digits.charAt(i), digits.charAt(i), end);
    }
}
