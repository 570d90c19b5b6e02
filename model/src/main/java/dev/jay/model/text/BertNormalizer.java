// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.text.Normalizer.Form;

/** How BERT's texts are cleaned: controls go, Chinese characters stand alone, accents and upper case go if asked. */
final class BertNormalizer implements Normalizer {
    private final boolean clean;
    private final boolean chinese;
    private final boolean accents;
    private final boolean lower;

    BertNormalizer(PipelinePart part) {
        clean = part.flag("clean_text", true);
        chinese = part.flag("handle_chinese_chars", true);
        lower = part.flag("lowercase", true);
        accents = part.flag("strip_accents", lower);
    }

    BertNormalizer(boolean clean, boolean chinese, boolean accents, boolean lower) {
        this.clean = clean;
        this.chinese = chinese;
        this.accents = accents;
        this.lower = lower;
    }

    @Override
    public String apply(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> add(c, out));
        String at = out.toString();
        if (accents) {
            at = java.text.Normalizer.normalize(at, Form.NFD);
            at = Normalizers.without(at, c -> Character.getType(c) == Character.NON_SPACING_MARK);
        }
        return lower ? Normalizers.lower(at) : at;
    }

    private void add(int c, StringBuilder out) {
        if (clean && (c == 0 || c == 0xFFFD || isControl(c))) return;
        if (clean && Utf8.isSpace(c)) {
            out.append(' ');
        } else if (chinese && isChinese(c)) {
            out.append(' ').appendCodePoint(c).append(' ');
        } else {
            out.appendCodePoint(c);
        }
    }

    private static boolean isControl(int c) {
        if (c == '\t' || c == '\n' || c == '\r') return false;
        int type = Character.getType(c);
        return type == Character.CONTROL || type == Character.FORMAT || type == Character.PRIVATE_USE;
    }

    private static boolean isChinese(int c) {
        return c >= 0x4E00 && c <= 0x9FFF
                || c >= 0x3400 && c <= 0x4DBF
                || c >= 0x20000 && c <= 0x2A6DF
                || c >= 0x2A700 && c <= 0x2B73F
                || c >= 0x2B740 && c <= 0x2B81F
                || c >= 0x2B920 && c <= 0x2CEAF
                || c >= 0xF900 && c <= 0xFAFF
                || c >= 0x2F800 && c <= 0x2FA1F;
    }
}
