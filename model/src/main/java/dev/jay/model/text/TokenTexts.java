// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.TokenType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a token of a tokenizer.json stands for: its decoder's steps, each of which looks at one token at a time, and
 * whether the space in front of a whole text is dropped.
 */
final class TokenTexts {
    /** One step of a decoder: what it makes of a token's text, or of the bytes of one before it. */
    private interface Step {
        byte[] apply(byte[] text, boolean isByte);
    }

    private final Vocabulary vocabulary;
    private final List<Step> steps = new ArrayList<>();
    private boolean beginsWithSpace;
    private boolean readsBytes;
    private boolean fused;

    private TokenTexts(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    static TokenTexts read(PipelinePart part, Vocabulary vocabulary) {
        TokenTexts texts = new TokenTexts(vocabulary);
        if (part.isMissing()) {
            // without a decoder tokens are words, with a space between
            texts.steps.add((text, isByte) -> concat(" ", text));
            texts.beginsWithSpace = true;
        } else {
            texts.step(part, 0);
        }
        return texts;
    }

    private void step(PipelinePart part, int depth) {
        String type = part.text("type");
        switch (type) {
            case "Sequence" -> {
                if (depth > 4) throw part.wrong("is nested too deep");
                for (PipelinePart one : part.get("decoders").each()) step(one, depth + 1);
            }
            case "ByteLevel" -> steps.add((text, isByte) -> isByte ? text : ByteLetters.readWhole(text));
            case "ByteFallback" -> readsBytes = true;
            case "Fuse" -> fused = true;
            case "Metaspace" -> {
                String replacement = MetaspaceStep.replacement(part);
                steps.add((text, isByte) -> replace(text, replacement, " ", isByte));
                beginsWithSpace = MetaspaceStep.prepend(part) != MetaspaceStep.Prepend.NEVER;
            }
            case "Replace" -> replacing(part);
            case "Strip" -> stripping(part);
            case "WordPiece" -> wordPiece(part);
            default -> throw part.wrong("is of a type that is not supported: type=" + type);
        }
    }

    private void replacing(PipelinePart part) {
        String pattern = part.get("pattern").text("String");
        String content = part.text("content");
        steps.add((text, isByte) -> replace(text, pattern, content, isByte));
    }

    private void stripping(PipelinePart part) {
        boolean space = part.text("content").equals(" ");
        int start = part.number("start", 0);
        int stop = part.number("stop", 0);
        if (start == 0 && stop == 0) return;
        if (!space || start != 1 || stop != 0) {
            throw part.wrong("strips what is not supported: start=" + start + ", stop=" + stop
                    + ", supported is one space in front of a text");
        }
        if (!fused) throw part.wrong("strips every token, supported is the whole text (behind Fuse)");
        beginsWithSpace = true;
    }

    private void wordPiece(PipelinePart part) {
        String prefix = part.optionalText("prefix").orElse("##");
        boolean cleanup = part.flag("cleanup", true);
        steps.add((text, isByte) -> {
            String piece = new String(text, StandardCharsets.UTF_8);
            piece = piece.startsWith(prefix) ? piece.substring(prefix.length()) : " " + piece;
            return Utf8.of(cleanup ? clean(piece) : piece);
        });
        beginsWithSpace = true;
    }

    /** Spaces that no English text has go. */
    static String clean(String text) {
        return text.replace(" .", ".")
                .replace(" ?", "?")
                .replace(" !", "!")
                .replace(" ,", ",")
                .replace(" ' ", "'")
                .replace(" n't", "n't")
                .replace(" 'm", "'m")
                .replace(" do not", " don't")
                .replace(" 's", "'s")
                .replace(" 've", "'ve")
                .replace(" 're", "'re");
    }

    private static byte[] replace(byte[] text, String pattern, String content, boolean isByte) {
        if (isByte) return text;
        return Utf8.of(new String(text, StandardCharsets.UTF_8).replace(pattern, content));
    }

    private static byte[] concat(String front, byte[] text) {
        return Utf8.of(front + new String(text, StandardCharsets.UTF_8));
    }

    /** Of a token that is neither control nor unknown; a fresh array. */
    byte[] bytes(int token) {
        boolean isByte = readsBytes && vocabulary.type(token) == TokenType.BYTE;
        byte[] text = isByte ? new byte[] {(byte) ByteTokens.byteOf(vocabulary, token)} : vocabulary.bytes(token);
        for (Step step : steps) text = step.apply(text, isByte);
        return text;
    }

    boolean beginsWithSpace() {
        return beginsWithSpace;
    }
}
