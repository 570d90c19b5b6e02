// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads the sets of characters of an expression: brackets and escapes. */
final class ClassParser {
    private static final int MOST_DEPTH = 20;
    private static final Map<Character, Integer> CONTROLS =
            Map.of('n', 10, 't', 9, 'r', 13, 'f', 12, 'v', 11, 'a', 7, 'e', 27);

    private final String source;
    private int at;
    private int depth;

    ClassParser(String source) {
        this.source = source;
    }

    /** Where what was read last ends. */
    int end() {
        return at;
    }

    private RegexException wrong(String what) {
        return new RegexException(source, at, what);
    }

    private boolean is(String text) {
        return source.startsWith(text, at);
    }

    private int next() {
        if (at >= source.length()) throw wrong("'[' without ']'");
        int c = source.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }

    /** A set in brackets that opens at a place. */
    CharClass bracket(int open) {
        at = open + 1;
        if (++depth > MOST_DEPTH) throw wrong("brackets nested deeper than " + MOST_DEPTH);
        boolean negated = is("^");
        if (negated) at++;
        CharClass all = null; // of what is joined by &&
        List<CharClass> sets = new ArrayList<>();
        boolean first = true;
        while (first || !is("]")) {
            if (is("&&")) {
                at += 2;
                all = both(all, sets);
                sets.clear();
            } else {
                sets.add(is("]") ? CharClass.of(next()) : item());
            }
            first = false;
        }
        at++;
        depth--;
        CharClass whole = both(all, sets);
        return negated ? whole.not() : whole;
    }

    private CharClass both(CharClass all, List<CharClass> sets) {
        if (sets.isEmpty()) throw wrong("an empty set");
        CharClass set = CharClass.any(sets);
        return all == null ? set : all.and(set);
    }

    private CharClass item() {
        if (is("[:")) return posix();
        if (is("[")) return bracket(at);
        int from;
        if (is("\\")) {
            int start = at;
            CharClass set = escape(start, true);
            if (single < 0) return set;
            from = single;
        } else {
            from = next();
        }
        if (!is("-") || source.startsWith("-]", at) || source.startsWith("-[", at)) return CharClass.of(from);
        int dash = at;
        at++;
        int to = bound();
        if (to < 0) { // a set behind the dash: the dash stands for itself
            at = dash + 1;
            return CharClass.any(List.of(CharClass.of(from), CharClass.of('-')));
        }
        if (to < from) throw wrong("a range whose end is before its beginning");
        return CharClass.range(from, to);
    }

    private int bound() {
        if (!is("\\")) return next();
        escape(at, true);
        return single;
    }

    private CharClass posix() {
        int close = source.indexOf(":]", at);
        if (close < 0) throw wrong("'[:' without ':]'");
        String name = source.substring(at + 2, close);
        boolean negated = name.startsWith("^");
        CharClass set = CharClass.property(negated ? name.substring(1) : name);
        if (set == null || name.length() < 2) throw wrong("a set of characters that is not supported");
        at = close + 2;
        return negated ? set.not() : set;
    }

    /** The character that the last escape stood for, or -1: a set. */
    private int single;

    /** What an escape stands for. */
    CharClass escape(int start, boolean inBracket) {
        at = start + 1;
        int c = next();
        single = -1;
        switch (c) {
            case 's':
                return CharClass.SPACE;
            case 'S':
                return CharClass.SPACE.not();
            case 'd':
                return CharClass.DIGIT;
            case 'D':
                return CharClass.DIGIT.not();
            case 'w':
                return CharClass.WORD;
            case 'W':
                return CharClass.WORD.not();
            case 'p', 'P':
                return property(c == 'P');
            case 'x', 'u':
                single = code(c);
                break;
            default:
                if (CONTROLS.containsKey((char) c)) single = CONTROLS.get((char) c);
                else if (c == '0') single = 0;
                else if (c < 128 && Character.isLetterOrDigit(c)) throw wrong("an escape that is not supported");
                else single = c;
        }
        if (inBracket && single < 0) throw wrong("an escape that is not supported");
        return CharClass.of(single);
    }

    private CharClass property(boolean negated) {
        int close = source.indexOf('}', at);
        if (!is("{") || close < 0) throw wrong("'\\p' without '{...}'");
        String name = source.substring(at + 1, close);
        boolean not = name.startsWith("^");
        CharClass set = CharClass.property(not ? name.substring(1) : name);
        if (set == null) throw wrong("a property of characters that is not supported");
        at = close + 1;
        return negated != not ? set.not() : set;
    }

    /** {@code \\uXXXX}, {@code \xXX} or {@code \x{X...}}. */
    private int code(int kind) {
        int from = at;
        int to = at + (kind == 'u' ? 4 : 2);
        boolean braces = kind == 'x' && is("{");
        if (braces) {
            from++;
            to = source.indexOf('}', at);
        }
        String digits = to < from || to > source.length() ? "" : source.substring(from, to);
        if (!digits.matches("[0-9A-Fa-f]{1,6}")) throw wrong("no number of a character");
        int c = Integer.parseInt(digits, 16);
        if (!Character.isValidCodePoint(c)) throw wrong("no character: " + digits);
        at = braces ? to + 1 : to;
        return c;
    }
}
