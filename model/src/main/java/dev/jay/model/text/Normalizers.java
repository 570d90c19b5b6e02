// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.text.regex.Regex;
import java.util.function.IntPredicate;

/** The normalizers of a tokenizer.json that take a line or two. */
final class Normalizers {
    /** It goes in front of whatever stands between two added tokens, and they may be many. */
    private static final int MOST_PREPENDED = 16;

    private Normalizers() {}

    static Normalizer form(java.text.Normalizer.Form form) {
        return text -> java.text.Normalizer.normalize(text, form);
    }

    static String lower(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> lower(c, out));
        return out.toString();
    }

    /** Each character for itself: a sigma at the end of a word is lowered as any other. */
    private static void lower(int c, StringBuilder out) {
        if (c == 0x130) {
            out.append("i\u0307"); // the one character whose lower case is two
        } else {
            out.appendCodePoint(Character.toLowerCase(c));
        }
    }

    static String without(String text, IntPredicate gone) {
        return text.codePoints()
                .filter(c -> !gone.test(c))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    static String stripAccents(String text) {
        return without(text, Utf8::isMark);
    }

    static Normalizer strip(PipelinePart part) {
        boolean left = part.flag("strip_left", false);
        boolean right = part.flag("strip_right", false);
        return text -> {
            int from = 0;
            int to = text.length();
            while (left && from < to && Utf8.isSpace(text.charAt(from))) from++;
            while (right && from < to && Utf8.isSpace(text.charAt(to - 1))) to--;
            return text.substring(from, to);
        };
    }

    static Normalizer replace(PipelinePart part) {
        String content = part.text("content");
        if (content.length() > BoundedText.MOST_REPLACEMENT) {
            throw part.wrong(
                    "replaces by a text of " + content.length() + " characters, most=" + BoundedText.MOST_REPLACEMENT);
        }
        String plain = part.get("pattern").optionalText("String").orElse("");
        if (!plain.isEmpty()) return text -> replaceAll(text, plain, content);
        Regex regex = Expressions.regex(part);
        return text -> Expressions.replaceAll(regex, text, content);
    }

    private static String replaceAll(String text, String plain, String content) {
        int found = text.indexOf(plain);
        if (found < 0) return text;
        BoundedText out = new BoundedText(text.length());
        int open = 0;
        for (; found >= 0; found = text.indexOf(plain, open)) {
            out.add(text, open, found).add(content);
            open = found + plain.length();
        }
        return out.add(text, open, text.length()).toString();
    }

    static Normalizer prepend(PipelinePart part) {
        String front = part.text("prepend");
        if (front.length() > MOST_PREPENDED) {
            throw part.wrong("prepends a text of " + front.length() + " characters, most=" + MOST_PREPENDED);
        }
        return text -> text.isEmpty() ? text : front + text;
    }

    static String letters(String text) {
        return ByteLetters.write(Utf8.of(text));
    }

    /** What SentencePiece's preparation for translation does: controls go, and kinds of spaces become spaces. */
    static String nmt(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            boolean control =
                    c >= 1 && c <= 8 || c == 11 || c >= 14 && c <= 0x1F || c == 0x7F || c == 0x8F || c == 0x9F;
            boolean space = c == 9
                    || c == 10
                    || c == 12
                    || c == 13
                    || c == 0x1680
                    || c >= 0x200B && c <= 0x200F
                    || c == 0x2028
                    || c == 0x2029
                    || c == 0x2581
                    || c == 0xFEFF
                    || c == 0xFFFD;
            if (!control) out.appendCodePoint(space ? ' ' : c);
        });
        return out.toString();
    }
}
