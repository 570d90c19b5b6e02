// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Well-formed UTF-8 and the classes of its characters that pre-tokenizers tell apart. */
final class Utf8 {
    private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};

    private Utf8() {}

    /** A lone surrogate becomes U+FFFD (and not '?', as {@code getBytes} has it). */
    static byte[] of(String text) {
        byte[] usual = text.getBytes(StandardCharsets.UTF_8);
        if (new String(usual, StandardCharsets.UTF_8).equals(text)) return usual; // many times quicker than an encoder
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8
                    .newEncoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .replaceWith(REPLACEMENT)
                    .encode(CharBuffer.wrap(text));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException e) {
            throw new IllegalStateException("an encoder that replaces does not refuse", e);
        }
    }

    static String text(byte[] utf8, int from, int to) {
        return new String(utf8, from, to - from, StandardCharsets.UTF_8);
    }

    /** Bytes of the character that begins with this byte. */
    static int length(byte lead) {
        int b = lead & 0xFF;
        return b < 0xC0 ? 1 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
    }

    /** The code point at i of well-formed text. */
    static int at(byte[] b, int i) {
        int c = b[i];
        if (c >= 0) return c;
        return switch (length(b[i])) {
            case 2 -> (c & 0x1F) << 6 | b[i + 1] & 0x3F;
            case 3 -> (c & 0x0F) << 12 | (b[i + 1] & 0x3F) << 6 | b[i + 2] & 0x3F;
            case 4 -> (c & 0x07) << 18 | (b[i + 1] & 0x3F) << 12 | (b[i + 2] & 0x3F) << 6 | b[i + 3] & 0x3F;
            default -> throw new IllegalStateException("not the head of a character: byte=" + (c & 0xFF) + " at=" + i);
        };
    }

    /** {@code \p{L}} of a Unicode regular expression. */
    static boolean isLetter(int c) {
        return Character.isLetter(c);
    }

    /** {@code \p{N}}: digits, letter numbers such as U+2160, other numbers such as U+00BD. */
    static boolean isNumber(int c) {
        if (c < 0x80) return c >= '0' && c <= '9';
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    /** {@code \s}: the property White_Space, which is none of Java's own two notions of it. */
    static boolean isSpace(int c) {
        if (c < 0x80) return c == ' ' || c >= 9 && c <= 13;
        return c == 0x85
                || c == 0xA0
                || c == 0x1680
                || c >= 0x2000 && c <= 0x200A
                || c == 0x2028
                || c == 0x2029
                || c == 0x202F
                || c == 0x205F
                || c == 0x3000;
    }

    /** {@code \p{M}}. */
    static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK;
    }

    /** {@code \w}: alphabetic, a mark, a digit, a connector or a joiner. */
    static boolean isWord(int c) {
        int type = Character.getType(c);
        return Character.isAlphabetic(c)
                || isMark(c)
                || type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.CONNECTOR_PUNCTUATION
                || c == 0x200C
                || c == 0x200D;
    }

    /** Neither space nor letter nor number: {@code [^\s\p{L}\p{N}]}. */
    static boolean isOther(int c) {
        return !isSpace(c) && !isLetter(c) && !isNumber(c);
    }
}
