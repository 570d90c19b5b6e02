// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads grammars in llama.cpp's notation, GBNF: rules {@code name ::= ...} of texts in quotes, characters in brackets,
 * dots, names, groups, {@code |}, and {@code * + ? {m,n}}; comments behind {@code #}. The text is made from {@code root}.
 */
final class GbnfReader {
    private static final int MOST_LENGTH = 1_000_000;
    private static final int MOST_DEPTH = 200;
    private static final int MOST_REPEAT = 4096;

    private final String text;
    private final NetworkBuilder to;
    private final Map<String, Integer> rules = new LinkedHashMap<>();
    private final Map<String, Boolean> written = new LinkedHashMap<>();
    private int at;
    private int depth;
    private int parts;

    /** @param to where the rules are written to */
    GbnfReader(String text, NetworkBuilder to) {
        this.text = text;
        this.to = to;
    }

    /** Reads all rules; returns the one that is named root. */
    int root() {
        if (text.length() > MOST_LENGTH) {
            throw new GrammarException(
                    "grammar: length=" + text.length() + ", allowed: at most " + MOST_LENGTH + " characters");
        }
        int root = ruleOf("root");
        skip(true);
        while (at < text.length()) rule();
        for (String name : rules.keySet()) {
            if (!written.containsKey(name)) throw new GrammarException("grammar: no rule is named " + name);
        }
        return root;
    }

    private GrammarException wrong(String what) {
        int line = 1;
        for (int i = 0; i < Math.min(at, text.length()); i++) if (text.charAt(i) == '\n') line++;
        return new GrammarException("grammar: " + what + " in line " + line);
    }

    private int ruleOf(String name) {
        return rules.computeIfAbsent(name, _ -> to.rule(name));
    }

    private void rule() {
        String name = name().orElseThrow(() -> wrong("a rule's name expected"));
        skip(false);
        if (!text.startsWith("::=", at)) throw wrong("'::=' expected behind " + name);
        at += 3;
        skip(true);
        if (written.put(name, true) != null) throw wrong("a second rule named " + name);
        int rule = ruleOf(name);
        either(to.start(rule), to.end(rule), false);
        if (at < text.length() && text.charAt(at) != '\n' && text.charAt(at) != '\r')
            throw wrong("end of line expected");
        skip(true);
    }

    private Optional<String> name() {
        int from = at;
        while (at < text.length() && isNamePart(text.charAt(at))) at++;
        return at == from ? Optional.empty() : Optional.of(text.substring(from, at));
    }

    private static boolean isNamePart(char c) {
        return c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '_');
    }

    /** Spaces and comments; ends of lines too where a rule may go on. */
    private void skip(boolean lines) {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '#') {
                while (at < text.length() && text.charAt(at) != '\n') at++;
            } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
                at++;
            } else {
                return;
            }
        }
    }

    private boolean is(char c) {
        return at < text.length() && text.charAt(at) == c;
    }

    private void either(int from, int end, boolean group) {
        if (++depth > MOST_DEPTH) throw wrong("groups nest deeper than " + MOST_DEPTH);
        while (true) {
            sequence(from, end, group);
            if (!is('|')) break;
            at++;
            skip(true);
        }
        depth--;
    }

    private void sequence(int from, int end, boolean group) {
        int last = from;
        while (at < text.length()) {
            int next = to.node();
            if (!element(last, next, group)) break;
            last = next;
            skip(group);
        }
        to.free(last, end);
    }

    /** One element with what repeats it. False where none stands here. */
    private boolean element(int from, int end, boolean group) {
        int first = to.node();
        int last = to.node();
        if (!single(first, last, group)) return false;
        char c = at < text.length() ? text.charAt(at) : '\n';
        if ("*+?{".indexOf(c) < 0) {
            to.free(from, first);
            to.free(last, end);
            return true;
        }
        at++;
        int least = c == '+' ? 1 : 0;
        int most = c == '?' ? 1 : -1;
        if (c == '{') {
            skip(group);
            least = number();
            most = least;
            skip(group);
            if (is(',')) {
                at++;
                skip(group);
                most = is('}') ? -1 : number();
                skip(group);
            }
            if (!is('}')) throw wrong("a count is {n}, {n,} or {n,m}: '}' expected");
            at++;
            if (most >= 0 && most < least) throw wrong("a count from " + least + " to " + most);
        }
        repeat(from, first, last, least, most, end);
        return true;
    }

    /** The part becomes a rule, which is called as often as is wanted. */
    private void repeat(int from, int first, int last, int least, int most, int end) {
        int rule = to.rule("a repeated part (" + ++parts + ")");
        to.free(to.start(rule), first);
        to.free(last, to.end(rule));
        int node = from;
        for (int i = 0; i < least; i++) {
            int next = to.node();
            to.call(node, rule, next);
            node = next;
        }
        if (most < 0) {
            int loop = to.node();
            to.free(node, loop);
            to.call(loop, rule, loop);
            to.free(loop, end);
            return;
        }
        for (int i = least; i < most; i++) {
            to.free(node, end);
            int next = to.node();
            to.call(node, rule, next);
            node = next;
        }
        to.free(node, end);
    }

    private int number() {
        int from = at;
        int n = 0;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            n = 10 * n + text.charAt(at++) - '0';
            if (n > MOST_REPEAT) throw wrong("a count above " + MOST_REPEAT);
        }
        if (at == from) throw wrong("a number expected in a count");
        return n;
    }

    private boolean single(int from, int end, boolean group) {
        char c = text.charAt(at);
        if (c == '"') {
            literal(from, end);
        } else if (c == '[') {
            at++;
            to.character(from, set(), end);
        } else if (c == '.') {
            at++;
            to.character(from, CodePoints.ALL, end);
        } else if (c == '(') {
            at++;
            skip(true);
            either(from, end, true);
            if (!is(')')) throw wrong("'(' without ')'");
            at++;
        } else if (c == '<' || c == '!') {
            throw wrong("tokens in angle brackets are not supported: write their text");
        } else if (isNamePart(c)) {
            if (!group && beginsRule()) return false;
            to.call(from, ruleOf(name().orElseThrow()), end);
        } else {
            return false;
        }
        return true;
    }

    /** A name behind which a rule begins belongs to the next one. */
    private boolean beginsRule() {
        int then = at;
        while (then < text.length() && isNamePart(text.charAt(then))) then++;
        while (then < text.length() && (text.charAt(then) == ' ' || text.charAt(then) == '\t')) then++;
        return text.startsWith("::=", then);
    }

    private void literal(int from, int end) {
        at++;
        StringBuilder value = new StringBuilder();
        while (!is('"')) {
            if (at >= text.length() || text.charAt(at) == '\n') throw wrong("a text without its closing quote");
            value.appendCodePoint(character());
        }
        at++;
        to.text(from, value.toString(), end);
    }

    private int character() {
        int c = text.codePointAt(at);
        at += Character.charCount(c);
        if (c != '\\') return checked(c);
        if (at >= text.length()) throw wrong("a backslash at the end");
        char e = text.charAt(at++);
        return switch (e) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'x' -> hex(2);
            case 'u' -> hex(4);
            case 'U' -> hex(8);
            case '\\', '"', '[', ']', '-', '^', '/' -> e;
            default -> throw wrong("unknown escape \\" + e);
        };
    }

    private int checked(int c) {
        if (c > CodePoints.LAST || (c >= 0xD800 && c <= 0xDFFF)) throw wrong("no such character");
        return c;
    }

    private int hex(int digits) {
        long value = 0;
        for (int i = 0; i < digits; i++) {
            int d = at < text.length() ? Character.digit(text.charAt(at++), 16) : -1;
            if (d < 0) throw wrong("a hexadecimal digit expected");
            value = 16 * value + d;
        }
        return checked((int) Math.min(value, Integer.MAX_VALUE));
    }

    private CodePoints set() {
        boolean not = is('^');
        if (not) at++;
        List<Integer> bounds = new ArrayList<>();
        while (!is(']')) {
            if (at >= text.length() || text.charAt(at) == '\n') throw wrong("'[' without ']'");
            int from = character();
            int last = from;
            if (is('-') && at + 1 < text.length() && text.charAt(at + 1) != ']') {
                at++;
                last = character();
                if (last < from) throw wrong("a range that goes backwards");
            }
            bounds.add(from);
            bounds.add(last);
        }
        at++;
        CodePoints set = CodePoints.of(bounds.stream().mapToInt(i -> i).toArray());
        return not ? set.not() : set;
    }
}
