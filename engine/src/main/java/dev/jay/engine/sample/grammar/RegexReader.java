// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads the regular part of ECMA-262's expressions, as with its {@code u} flag: what needs more than a finite automaton
 * (backreferences, looking around, word boundaries) is refused by name. Greedy and lazy quantifiers are the same here:
 * only which texts match counts.
 */
final class RegexReader {
    static final int MOST_REPEAT = 4096;

    private static final int MOST_LENGTH = 10_000;
    private static final int MOST_DEPTH = 100;
    private static final CodePoints DIGITS = CodePoints.of('0', '9');
    private static final CodePoints WORD = CodePoints.of('0', '9', 'A', 'Z', 'a', 'z', '_', '_');
    private static final CodePoints SPACE = CodePoints.of(
            '\t', '\r', ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029, 0x202F, 0x202F, 0x205F,
            0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF);
    private static final Map<Character, Integer> CONTROLS =
            Map.of('n', (int) '\n', 't', (int) '\t', 'r', (int) '\r', 'f', (int) '\f', 'v', 0x0B, '0', 0);

    private final String text;
    private int at;
    private int depth;

    private RegexReader(String text) {
        this.text = text;
    }

    /** @throws GrammarException saying what is wrong and where */
    static Regex read(String text) {
        if (text.length() > MOST_LENGTH) {
            throw new GrammarException(
                    "regex: length=" + text.length() + ", allowed: at most " + MOST_LENGTH + " characters");
        }
        RegexReader reader = new RegexReader(text);
        Regex all = reader.either();
        if (reader.at < text.length()) throw reader.wrong("')' without '('");
        return all;
    }

    private GrammarException wrong(String what) {
        return new GrammarException("regex: " + what + " at character " + at);
    }

    private boolean next(char c) {
        if (at >= text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private boolean next(String s) {
        if (!text.startsWith(s, at)) return false;
        at += s.length();
        return true;
    }

    private Regex either() {
        if (++depth > MOST_DEPTH) throw wrong("groups nest deeper than " + MOST_DEPTH);
        List<Regex> choices = new ArrayList<>();
        do choices.add(sequence());
        while (next('|'));
        depth--;
        return choices.size() == 1 ? choices.getFirst() : new Regex.Either(choices);
    }

    private Regex sequence() {
        List<Regex> parts = new ArrayList<>();
        while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') parts.add(repeated());
        return parts.size() == 1 ? parts.getFirst() : new Regex.Sequence(parts);
    }

    private Regex repeated() {
        Regex part = part();
        if (at >= text.length()) return part;
        int least = 0;
        int most = -1;
        switch (text.charAt(at)) {
            case '*' -> at++;
            case '+' -> {
                at++;
                least = 1;
            }
            case '?' -> {
                at++;
                most = 1;
            }
            case '{' -> {
                at++;
                least = count();
                most = next(',') ? at < text.length() && text.charAt(at) == '}' ? -1 : count() : least;
                if (!next('}')) throw wrong("a count is {n}, {n,} or {n,m}: '}' expected");
                if (most >= 0 && most < least) throw wrong("a count from " + least + " to " + most);
            }
            default -> {
                return part;
            }
        }
        if (part instanceof Regex.Begin || part instanceof Regex.End) throw wrong("an anchor cannot be repeated");
        next('?'); // lazy: the same texts match
        if (at < text.length() && "*+?{".indexOf(text.charAt(at)) >= 0) throw wrong("nothing to repeat");
        return new Regex.Repeat(part, least, most);
    }

    private int count() {
        int from = at;
        int n = 0;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            n = 10 * n + text.charAt(at++) - '0';
            if (n > MOST_REPEAT) throw wrong("a count above " + MOST_REPEAT);
        }
        if (at == from) throw wrong("a number expected in a count");
        return n;
    }

    private Regex part() {
        if (next('(')) return group();
        if (next('[')) return new Regex.One(set());
        if (next('^')) return new Regex.Begin();
        if (next('$')) return new Regex.End();
        if (next('.')) return new Regex.One(CodePoints.LINE_ENDS.not());
        if (next('\\')) return escape();
        if ("*+?{".indexOf(text.charAt(at)) >= 0) throw wrong("nothing to repeat");
        return new Regex.One(single(codePoint()));
    }

    private Regex group() {
        if (next("?:")) {
            // not captured, like any group here
        } else if (next("?=") || next("?!") || next("?<=") || next("?<!")) {
            throw wrong("looking ahead or behind is not supported");
        } else if (next("?<")) {
            int end = text.indexOf('>', at);
            if (end < 0) throw wrong("a group's name without '>'");
            at = end + 1;
        } else if (next('?')) {
            throw wrong("unknown kind of group");
        }
        Regex inside = either();
        if (!next(')')) throw wrong("'(' without ')'");
        return inside;
    }

    private int codePoint() {
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        return c;
    }

    private static CodePoints single(int c) {
        return CodePoints.of(c, c);
    }

    private Regex escape() {
        if (at >= text.length()) throw wrong("a backslash at the end");
        char c = text.charAt(at);
        if (c == 'b' || c == 'B') throw wrong("word boundaries (\\" + c + ") are not supported");
        if (c == 'k' || (c >= '1' && c <= '9')) throw wrong("backreferences are not supported");
        CodePoints several = shorthand();
        return new Regex.One(several != null ? several : single(escaped()));
    }

    /** A class named by one letter or by a property; null where something else stands. */
    private CodePoints shorthand() {
        CodePoints set = switch (text.charAt(at)) {
            case 'd' -> DIGITS;
            case 'D' -> DIGITS.not();
            case 'w' -> WORD;
            case 'W' -> WORD.not();
            case 's' -> SPACE;
            case 'S' -> SPACE.not();
            case 'p', 'P' -> property();
            default -> null;
        };
        if (set != null) at++;
        return set;
    }

    /** Leaves {@code at} on the closing brace. */
    private CodePoints property() {
        boolean not = text.charAt(at) == 'P';
        int end = text.indexOf('}', at);
        if (at + 1 >= text.length() || text.charAt(at + 1) != '{' || end < 0) throw wrong("\\p without {name}");
        String name = text.substring(at + 2, end);
        CodePoints set = UnicodeProperties.named(name);
        if (set == null) throw wrong("unknown property \\p{" + name + "}");
        at = end;
        return not ? set.not() : set;
    }

    /** One character behind a backslash. */
    private int escaped() {
        char c = text.charAt(at);
        Integer control = CONTROLS.get(c);
        if (control != null) {
            at++;
            return control;
        }
        if (next('x')) return hex(2);
        if (next('c')) return text.length() > at ? text.charAt(at++) % 32 : fail("\\c without a letter");
        if (next("u{")) {
            int end = text.indexOf('}', at);
            int c2 = hex(Math.max(0, end - at));
            at++;
            return c2;
        }
        if (next('u')) {
            int unit = hex(4);
            boolean pair = Character.isHighSurrogate((char) unit) && next("\\u");
            return pair ? Character.toCodePoint((char) unit, (char) hex(4)) : unit;
        }
        if (Character.isLetterOrDigit(c)) throw wrong("unknown escape \\" + c);
        return codePoint();
    }

    private int hex(int digits) {
        if (digits < 1 || digits > 6 || at + digits > text.length()) return fail("hexadecimal digits expected");
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int d = Character.digit(text.charAt(at++), 16);
            if (d < 0) return fail("a hexadecimal digit expected");
            value = 16 * value + d;
        }
        if (value > CodePoints.LAST) return fail("no such character: " + Integer.toHexString(value));
        return value;
    }

    private int fail(String what) {
        throw wrong(what);
    }

    /** Behind '[', up to and with ']'. */
    private CodePoints set() {
        boolean not = next('^');
        List<Integer> bounds = new ArrayList<>();
        CodePoints named = CodePoints.NONE;
        while (!next(']')) {
            if (at >= text.length()) throw wrong("'[' without ']'");
            CodePoints several = null;
            int from = 0;
            if (next('\\')) {
                if (at >= text.length()) throw wrong("a backslash at the end");
                several = shorthand();
                if (several == null) from = inSet();
            } else {
                from = codePoint();
            }
            if (several != null) {
                named = named.or(several);
                continue;
            }
            int to = from;
            if (at + 1 < text.length() && text.charAt(at) == '-' && text.charAt(at + 1) != ']') {
                at++;
                to = next('\\') ? inSet() : codePoint();
                if (to < from) throw wrong("a range that goes backwards");
            }
            bounds.add(from);
            bounds.add(to);
        }
        CodePoints all =
                CodePoints.of(bounds.stream().mapToInt(i -> i).toArray()).or(named);
        return not ? all.not() : all;
    }

    private int inSet() {
        if (next('b')) return '\b';
        if (next('-')) return '-';
        if (at >= text.length()) throw wrong("a backslash at the end");
        return escaped();
    }
}
