// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** Strings to strings, shared by methods and filters. */
final class Strings {
    private Strings() {}

    /** @param chars the characters to strip, or null for white space */
    static String strip(Run run, String s, String chars, boolean left, boolean right) {
        IntPredicate goes = Chars::isSpace;
        if (chars != null) {
            run.look(chars.length());
            java.util.BitSet set = new java.util.BitSet();
            chars.codePoints().forEach(set::set);
            goes = set::get;
        }
        int from = 0;
        int to = s.length();
        while (left && from < to && goes.test(s.codePointAt(from))) from += Character.charCount(s.codePointAt(from));
        while (right && to > from && goes.test(s.codePointBefore(to))) to -= Character.charCount(s.codePointBefore(to));
        if (from == 0 && to == s.length()) return s;
        run.makeText("stripping a string", (long) to - from);
        return s.substring(from, to);
    }

    static String replace(Run run, String s, String old, String with, long most) {
        long left = most < 0 ? Long.MAX_VALUE : most;
        Text out = Text.value(run, "replacing in a string");
        int from = 0;
        if (old.isEmpty()) {
            while (from < s.length() && left-- > 0) {
                int end = s.offsetByCodePoints(from, 1);
                out.add(with).add(s, from, end);
                from = end;
            }
            if (from == s.length() && left > 0) out.add(with);
            return out.add(s, from, s.length()).made();
        }
        Finder finder = new Finder(run, old);
        for (int at; left-- > 0 && (at = finder.next(s, from)) >= 0; from = at + old.length()) {
            out.add(s, from, at).add(with);
        }
        return from == 0 ? s : out.add(s, from, s.length()).made();
    }

    static Object count(Run run, String s, String part) {
        if (part.isEmpty()) return s.codePointCount(0, s.length()) + 1L;
        Finder finder = new Finder(run, part);
        long count = 0;
        for (int at = finder.next(s, 0); at >= 0; at = finder.next(s, at + part.length())) count++;
        return count;
    }

    static String join(Run run, List<Object> items, String separator) {
        Text out = Text.value(run, "joining strings");
        boolean first = true;
        for (Object item : items) {
            if (!first) out.add(separator);
            first = false;
            if (!(item instanceof String s)) throw run.error("join: expected strings, got " + Py.describe(item));
            out.add(s);
        }
        return out.made();
    }

    static String cased(Run run, String s, String how) {
        run.makeText("changing case", s.length());
        return switch (how) {
            case "upper" -> s.toUpperCase(Locale.ROOT);
            case "lower", "casefold" -> s.toLowerCase(Locale.ROOT);
            case "capitalize" -> capitalized(s);
            case "swapcase" -> words(s, c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : upper(c));
            default -> title(s);
        };
    }

    static String capitalized(String s) {
        if (s.isEmpty()) return s;
        int first = s.offsetByCodePoints(0, 1);
        return s.substring(0, first).toUpperCase(Locale.ROOT)
                + s.substring(first).toLowerCase(Locale.ROOT);
    }

    private static int upper(int c) {
        return Character.toUpperCase(c);
    }

    private static String words(String s, java.util.function.IntUnaryOperator each) {
        StringBuilder out = new StringBuilder(s.length());
        s.codePoints().map(each).forEach(out::appendCodePoint);
        return out.toString();
    }

    /** A capital wherever a letter follows none. */
    private static String title(String s) {
        boolean[] inWord = new boolean[1];
        return words(s, c -> {
            boolean letter = Character.isLetter(c);
            int cased = inWord[0] ? Character.toLowerCase(c) : Character.toTitleCase(c);
            inWord[0] = letter;
            return cased;
        });
    }

    static List<Object> lines(Run run, String s, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        while (from < s.length()) {
            int end = from;
            while (end < s.length() && !Chars.isLineBreak(s.charAt(end))) end++;
            int next = Math.min(end + 1, s.length());
            if (end + 1 < s.length() && s.charAt(end) == '\r' && s.charAt(end + 1) == '\n') next++;
            if (lines.size() >= run.limits.valueItems()) {
                throw run.over("splitting lines", "elements", lines.size() + 1L, run.limits.valueItems());
            }
            lines.add(s.substring(from, keepEnds ? next : end));
            from = next;
        }
        run.makeItems("splitting lines", lines.size());
        run.makeText("splitting lines", s.length());
        return lines;
    }

    static String zeroFill(Run run, String s, long width) {
        long fill = width - s.codePointCount(0, s.length());
        if (fill <= 0) return s;
        boolean signed = s.startsWith("-") || s.startsWith("+");
        Text out = Text.value(run, "filling a string");
        if (signed) out.add(s, 0, 1);
        return out.repeat("0", fill).add(s, signed ? 1 : 0, s.length()).made();
    }

    /** @param how ljust, rjust or center */
    static String justify(Run run, String s, String how, long width, String fill) {
        if (fill.codePointCount(0, fill.length()) != 1) throw run.error(how + ": the fill must be one character");
        long missing = width - s.codePointCount(0, s.length());
        if (missing <= 0) return s;
        // Python puts the odd one left where the width is odd.
        long left = switch (how) {
            case "ljust" -> 0;
            case "rjust" -> missing;
            default -> missing / 2 + (missing & width & 1);
        };
        Text out = Text.value(run, "filling a string");
        return out.repeat(fill, left).add(s).repeat(fill, missing - left).made();
    }

    static boolean is(String s, String test) {
        return switch (test) {
            case "isdigit", "isdecimal", "isnumeric" -> all(s, Character::isDigit);
            case "isalpha" -> all(s, Character::isLetter);
            case "isalnum" -> all(s, Character::isLetterOrDigit);
            case "isspace" -> all(s, Chars::isSpace);
            case "isascii" -> s.isEmpty() || all(s, c -> c < 0x80);
            case "isupper" -> some(s, Character::isUpperCase) && !some(s, Character::isLowerCase);
            case "islower" -> some(s, Character::isLowerCase) && !some(s, Character::isUpperCase);
            default -> throw new IllegalStateException("string test=" + test);
        };
    }

    private static boolean all(String s, IntPredicate test) {
        return !s.isEmpty() && s.codePoints().allMatch(test);
    }

    private static boolean some(String s, IntPredicate test) {
        return s.codePoints().anyMatch(test);
    }
}
