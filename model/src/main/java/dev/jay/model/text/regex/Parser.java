// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import java.util.ArrayList;
import java.util.List;

/** Reads an expression, in the syntax of Oniguruma as Hugging Face's tokenizers use it; refuses what it would not honour. */
final class Parser {
    private static final int MOST_DEPTH = 100;
    private static final int MOST_REPEATS = 1000;

    private final String source;
    private final ClassParser classes;
    private int at;
    private int depth;
    private boolean ignoresCase;
    private boolean dotTakesAll;

    private Parser(String source) {
        this.source = source;
        this.classes = new ClassParser(source);
    }

    static Node parse(String source) {
        Parser parser = new Parser(source);
        Node all = parser.choice();
        if (parser.at < source.length()) throw parser.wrong("')' without '('");
        return all;
    }

    private RegexException wrong(String what) {
        return new RegexException(source, at, what);
    }

    private boolean more() {
        return at < source.length();
    }

    private boolean take(String text) {
        if (!source.startsWith(text, at)) return false;
        at += text.length();
        return true;
    }

    private Node choice() {
        if (++depth > MOST_DEPTH) throw wrong("nested deeper than " + MOST_DEPTH);
        boolean ignored = ignoresCase;
        boolean took = dotTakesAll;
        List<Node> parts = new ArrayList<>();
        do parts.add(sequence());
        while (take("|"));
        ignoresCase = ignored;
        dotTakesAll = took;
        depth--;
        return parts.size() == 1 ? parts.getFirst() : new Node.Choice(parts);
    }

    private Node sequence() {
        List<Node> parts = new ArrayList<>();
        while (more() && source.charAt(at) != '|' && source.charAt(at) != ')') {
            Node atom = atom();
            if (atom != null) parts.add(repeated(atom));
        }
        return parts.size() == 1 ? parts.getFirst() : new Node.Sequence(parts);
    }

    private Node atom() {
        char c = source.charAt(at);
        return switch (c) {
            case '(' -> group();
            case '[' -> set(classSet());
            case '\\' -> escape();
            case '.' -> {
                at++;
                boolean all = dotTakesAll;
                yield new Node.One(CharClass.of(x -> all || x != '\n'));
            }
            case '^' -> place(Node.Place.LINE_START);
            case '$' -> place(Node.Place.LINE_END);
            case '*', '+', '?' -> throw wrong("nothing before '" + c + "'");
            default -> {
                int literal = source.codePointAt(at);
                at += Character.charCount(literal);
                yield set(CharClass.of(literal));
            }
        };
    }

    private Node place(Node.Place place) {
        at++;
        return new Node.At(place);
    }

    private CharClass classSet() {
        CharClass set = classes.bracket(at);
        at = classes.end();
        return set;
    }

    private Node set(CharClass set) {
        return new Node.One(ignoresCase ? set.ignoringCase() : set);
    }

    private Node escape() {
        if (at + 1 == source.length()) throw wrong("'\\' at the end");
        char c = source.charAt(at + 1);
        Node.Place place = switch (c) {
            case 'A' -> Node.Place.TEXT_START;
            case 'z' -> Node.Place.TEXT_END;
            case 'b' -> Node.Place.WORD_EDGE;
            case 'B' -> Node.Place.NO_WORD_EDGE;
            default -> null;
        };
        if (place != null) {
            at++;
            return place(place);
        }
        CharClass set = classes.escape(at, false);
        at = classes.end();
        return set(set);
    }

    private Node group() {
        at++;
        if (!take("?")) return closed(choice());
        if (take(":")) return closed(choice());
        if (take(">")) return new Node.Atomic(closed(choice()));
        if (take("=")) return new Node.Look(closed(choice()), false, false);
        if (take("!")) return new Node.Look(closed(choice()), false, true);
        if (take("<=")) return behind(false);
        if (take("<!")) return behind(true);
        if (take("<")) {
            int end = source.indexOf('>', at);
            if (end < 0) throw wrong("a name without '>'");
            at = end + 1;
            return closed(choice());
        }
        return flags();
    }

    private Node behind(boolean negated) {
        Node part = closed(choice());
        List<Node> parts = part instanceof Node.Choice choice ? choice.parts() : List.of(part);
        for (Node one : parts) {
            if (Node.width(one) < 0) throw wrong("looking behind for what has no fixed length is not supported");
        }
        return new Node.Look(part, true, negated);
    }

    private Node closed(Node part) {
        if (!take(")")) throw wrong("'(' without ')'");
        return part;
    }

    /** {@code (?i:...)}, or {@code (?i)} up to the end of the group around it. */
    private Node flags() {
        boolean on = true;
        boolean ignored = ignoresCase;
        boolean took = dotTakesAll;
        for (; more(); at++) {
            char c = source.charAt(at);
            if (c == '-') on = false;
            else if (c == 'i') ignoresCase = on;
            else if (c == 'm') dotTakesAll = on;
            else break;
        }
        if (take(")")) return null;
        if (!take(":")) throw wrong("a kind of group that is not supported");
        Node part = closed(choice());
        ignoresCase = ignored;
        dotTakesAll = took;
        return part;
    }

    private Node repeated(Node first) {
        Node node = first;
        while (more()) {
            char c = source.charAt(at);
            int least = c == '+' ? 1 : 0;
            int most = c == '?' ? 1 : -1;
            if (c == '{') {
                int[] bounds = interval();
                if (bounds == null) return node;
                node = new Node.Repeat(node, bounds[0], bounds[1], lazy());
            } else if (c == '*' || c == '+' || c == '?') {
                at++;
                boolean possessive = take("+");
                Node.Repeat repeat = new Node.Repeat(node, least, most, !possessive && lazy());
                node = possessive ? new Node.Atomic(repeat) : repeat;
            } else {
                return node;
            }
            if (++depth > MOST_DEPTH) throw wrong("too many repetitions of repetitions");
        }
        return node;
    }

    private boolean lazy() {
        return take("?");
    }

    /** {@code {n}}, {@code {n,}}, {@code {n,m}}, {@code {,m}}; null where the brace stands for itself. */
    private int[] interval() {
        int close = source.indexOf('}', at);
        String inside = close < 0 ? "" : source.substring(at + 1, close);
        if (!inside.matches("\\d+(,\\d*)?|,\\d+")) {
            throw wrong("'{' that is no repetition; a brace for itself is written '\\{'");
        }
        if (inside.length() > 9) throw wrong("more repetitions than " + MOST_REPEATS);
        at = close + 1;
        String[] ends = inside.split(",", -1);
        int least = ends[0].isEmpty() ? 0 : Integer.parseInt(ends[0]);
        int most = ends.length == 1 ? least : ends[1].isEmpty() ? -1 : Integer.parseInt(ends[1]);
        if (least > MOST_REPEATS || most > MOST_REPEATS) throw wrong("more repetitions than " + MOST_REPEATS);
        if (most >= 0 && most < least) throw wrong("a repetition whose end is before its beginning");
        if (ends.length == 1 && more() && source.charAt(at) == '?') throw wrong("'?' behind '{n}' is not supported");
        return new int[] {least, most};
    }
}
