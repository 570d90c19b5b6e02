// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Tokenizer files small enough to read, each with what its kind is about. */
final class SmallFiles {
    private static final String ADDED = """
        "added_tokens": [
          {"id": 0, "content": "<unk>", "special": true},
          {"id": 1, "content": "</s>", "special": true, "rstrip": true},
          {"id": 2, "content": "<tool>", "special": false, "normalized": true, "lstrip": true},
          {"id": 3, "content": "wort", "special": false, "normalized": false, "single_word": true}],
        """;

    /** Bytes as letters, cut by an expression. */
    static final String BYTE_PAIRS = "{" + ADDED + """
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
          {"type": "Replace", "pattern": {"Regex": "x{2,}"}, "content": "x"}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
          {"type": "Split", "pattern": {"Regex": "\\\\p{L}+|\\\\s+(?!\\\\S)|[^\\\\p{L}]"}, "behavior": "Isolated"},
          {"type": "Digits", "individual_digits": true},
          {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
        "post_processor": {"type": "TemplateProcessing",
          "single": [{"SpecialToken": {"id": "</s>"}}, {"Sequence": {"id": "A"}}],
          "special_tokens": {"</s>": {"ids": [1]}}},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {"<unk>": 0, "</s>": 1, "h": 4, "e": 5, "he": 6, "\u0120": 7, "\u0120he": 8},
          "merges": ["h e", ["\u0120", "he"]], "ignore_merges": true}}
        """;

    /** Characters, spaces as U+2581, bytes to fall back on. */
    static final String CHARACTERS = "{" + ADDED + """
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
          {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        "decoder": {"type": "Sequence", "decoders": [
          {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"},
          {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
          "vocab": {"<unk>": 0, "</s>": 1, "<0x41>": 4, "h": 5, "e": 6, "he": 7, "\u2581": 8, "\u2581he": 9},
          "merges": ["h e", "\u2581 he"]}}
        """;

    static final String WORDS = "{" + ADDED + """
        "normalizer": {"type": "BertNormalizer"},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["</s>", 1], "cls": ["</s>", 1]},
        "decoder": {"type": "WordPiece"},
        "model": {"type": "WordPiece", "unk_token": "<unk>", "max_input_chars_per_word": 20,
          "vocab": {"<unk>": 0, "</s>": 1, "the": 4, "##re": 5, "t": 6, "##h": 7, "##e": 8, "!": 9}}}
        """;

    static final String UNIGRAM = "{" + ADDED + """
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKD"}, {"type": "Lowercase"},
          {"type": "StripAccents"}, {"type": "Strip", "strip_left": true, "strip_right": true}]},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
          {"type": "Punctuation"}, {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"}]},
        "decoder": {"type": "Metaspace", "replacement": "\u2581"},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["</s>", 0],
              ["<tool>", 0], ["wort", 0], ["\u2581", -1.5], ["h", -2],
          ["e", -2.5], ["\u2581he", -3], ["he", -3.25], ["hehe", -7]]}}
        """;

    static final List<String> JSON = List.of(BYTE_PAIRS, CHARACTERS, WORDS, UNIGRAM);

    private SmallFiles() {}

    /** A tokenizer.model; the type of its model is 1 for unigram, 2 for byte pairs. */
    static byte[] pieces(int modelType) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        piece(out, "<unk>", 0, 2);
        piece(out, "<s>", 0, 3);
        piece(out, "</s>", 0, 3);
        for (int b = 0; b < 256; b++) piece(out, "<0x%02X>".formatted(b), 0, 6);
        String[] texts = {"\u2581", "h", "e", "he", "\u2581he", "t", "th", "the"};
        for (int i = 0; i < texts.length; i++) piece(out, texts[i], -i, 1);
        piece(out, "<tool>", 0, 4);
        message(out, 2, new byte[] {3 << 3, (byte) modelType});
        message(out, 3, new byte[] {3 << 3, 1, 4 << 3, 0});
        return out.toByteArray();
    }

    private static void piece(ByteArrayOutputStream out, String text, float score, int type) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer piece = ByteBuffer.allocate(utf8.length + 9).order(ByteOrder.LITTLE_ENDIAN);
        piece.put((byte) (1 << 3 | 2)).put((byte) utf8.length).put(utf8);
        piece.put((byte) (2 << 3 | 5)).putFloat(score);
        piece.put((byte) (3 << 3)).put((byte) type);
        message(out, 1, piece.array());
    }

    private static void message(ByteArrayOutputStream out, int field, byte[] content) {
        out.write(field << 3 | 2);
        out.write(content.length);
        out.writeBytes(content);
    }
}
