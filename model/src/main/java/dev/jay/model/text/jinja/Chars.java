// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/** Characters as Python sees them. */
final class Chars {
    private Chars() {}

    /** {@code str.isspace} of one character; all of them are in the basic plane. */
    static boolean isSpace(int c) {
        if (c <= 0x20) return c == 0x20 || c >= 0x09 && c <= 0x0d || c >= 0x1c && c <= 0x1f;
        if (c < 0x1680) return c == 0x85 || c == 0xa0;
        return c == 0x1680
                || c >= 0x2000 && c <= 0x200a
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }

    /** The first position from {@code from} that holds no white space, or the length. */
    static int skipSpace(String s, int from) {
        int i = from;
        while (i < s.length() && isSpace(s.charAt(i))) i++;
        return Math.min(i, s.length());
    }

    /** The end of {@code s[from, to)} without the white space behind it. */
    static int stripEnd(String s, int from, int to) {
        int i = to;
        while (i > from && isSpace(s.charAt(i - 1))) i--;
        return i;
    }

    /** Where {@code str.splitlines} splits. */
    static boolean isLineBreak(char c) {
        return c >= 0x0a && c <= 0x0d || c >= 0x1c && c <= 0x1e || c == 0x85 || c == 0x2028 || c == 0x2029;
    }

    static boolean isNameStart(int codePoint) {
        return codePoint == '_' || Character.isLetter(codePoint);
    }

    static boolean isNamePart(int codePoint) {
        return isNameStart(codePoint) || Character.isDigit(codePoint);
    }

    /** {@code str.isprintable} of one code point: what {@code repr} shows as it is. */
    static boolean isPrintable(int codePoint) {
        if (codePoint == ' ') return true;
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }
}
