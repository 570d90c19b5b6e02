// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** A set of characters (code points). Immutable. */
final class CharClass {
    private final long low; // 0 to 63
    private final long high; // 64 to 127
    private final IntPredicate rest;
    /** Where this is one range: its ends; else the first is more than the second. */
    private final int from;

    private final int to;

    private CharClass(IntPredicate all, int from, int to) {
        this.from = from;
        this.to = to;
        long[] ascii = new long[2];
        for (int c = 0; c < 128; c++) if (all.test(c)) ascii[c >> 6] |= 1L << c;
        low = ascii[0];
        high = ascii[1];
        rest = all;
    }

    static CharClass of(IntPredicate all) {
        return new CharClass(all, 1, 0);
    }

    static CharClass of(int c) {
        return range(c, c);
    }

    static CharClass range(int from, int to) {
        return new CharClass(x -> from <= x && x <= to, from, to);
    }

    /** Any of these; ranges, of which there may be many, are looked up by halving. */
    static CharClass any(List<CharClass> sets) {
        if (sets.size() == 1) return sets.getFirst();
        List<CharClass> ranges = new ArrayList<>();
        List<CharClass> others = new ArrayList<>();
        for (CharClass set : sets) (set.from <= set.to ? ranges : others).add(set);
        ranges.sort((a, b) -> Integer.compare(a.from, b.from));
        int[] froms = new int[ranges.size()];
        int[] tos = new int[ranges.size()]; // the farthest end up to here, as ranges may overlap
        for (int i = 0; i < froms.length; i++) {
            froms[i] = ranges.get(i).from;
            tos[i] = Math.max(i == 0 ? 0 : tos[i - 1], ranges.get(i).to);
        }
        return of(c -> {
            int found = Arrays.binarySearch(froms, c);
            int place = found >= 0 ? found : -found - 2;
            if (place >= 0 && c <= tos[place]) return true;
            for (CharClass set : others) if (set.has(c)) return true;
            return false;
        });
    }

    boolean has(int c) {
        if (c < 64) return (low >>> c & 1) != 0;
        if (c < 128) return (high >>> c & 1) != 0;
        return rest.test(c);
    }

    CharClass and(CharClass other) {
        return of(c -> has(c) && other.has(c));
    }

    CharClass not() {
        return of(c -> !has(c));
    }

    /** With every character that differs from one of these in case alone. */
    CharClass ignoringCase() {
        return of(c -> {
            if (has(c)) return true;
            int upper = Character.toUpperCase(c);
            int lower = Character.toLowerCase(upper);
            if (has(upper) || has(lower) || has(Character.toLowerCase(c))) return true;
            // the letters of ASCII have a relative outside it each: long s and the Kelvin sign
            return lower == 's' && has(0x17F) || lower == 'k' && has(0x212A);
        });
    }

    static final CharClass SPACE = of(CharClass::isSpace);
    static final CharClass DIGIT = of(c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER);
    static final CharClass WORD = of(CharClass::isWord);

    private static boolean isSpace(int c) {
        return c == ' '
                || c >= 9 && c <= 13
                || c == 0x85
                || Character.getType(c) == Character.SPACE_SEPARATOR
                || c == 0x2028
                || c == 0x2029;
    }

    private static boolean isWord(int c) {
        int type = Character.getType(c);
        return Character.isAlphabetic(c)
                || isMark(type)
                || type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER
                || type == Character.CONNECTOR_PUNCTUATION;
    }

    private static boolean isMark(int type) {
        return type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK;
    }

    /** The general categories in the order of their first letter, as {@link Character#getType} numbers them. */
    private static final String[] CATEGORIES = {
        "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "", "Co",
        "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"
    };

    /** What stands in {@code \p{...}}, or null if it is unknown: a general category, a script, a few properties. */
    static CharClass property(String name) {
        for (String category : CATEGORIES) {
            if (category.isEmpty()) continue;
            if (category.equals(name)) return of(c -> CATEGORIES[Character.getType(c)].equals(name));
            if (name.length() == 1 && category.startsWith(name)) {
                return of(c -> CATEGORIES[Character.getType(c)].startsWith(name));
            }
        }
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "letter" -> property("L");
            case "mark" -> property("M");
            case "number" -> property("N");
            case "punctuation" -> property("P");
            case "punct" -> any(List.of(property("P"), of(c -> "$+<=>^`|~".indexOf(c) >= 0)));
            case "symbol" -> property("S");
            case "separator" -> property("Z");
            case "space", "white_space" -> SPACE;
            case "digit" -> DIGIT;
            case "word" -> WORD;
            case "alpha", "alphabetic" -> of(Character::isAlphabetic);
            case "alnum" -> of(c -> Character.isAlphabetic(c) || DIGIT.has(c));
            case "upper", "uppercase" -> of(Character::isUpperCase);
            case "lower", "lowercase" -> of(Character::isLowerCase);
            case "any" -> of(c -> true);
            case "ascii" -> range(0, 127);
            default -> script(name);
        };
    }

    private static CharClass script(String name) {
        try {
            Character.UnicodeScript script = Character.UnicodeScript.forName(name);
            return of(c -> Character.UnicodeScript.of(c) == script);
        } catch (IllegalArgumentException unknown) {
            return null;
        }
    }
}
