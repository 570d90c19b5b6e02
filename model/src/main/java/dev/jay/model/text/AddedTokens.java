// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.TokenType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The added tokens of a tokenizer.json, found in a text from left to right, the longest at a place, before anything else
 * looks at it. Those that are normalized are looked for in the normalized text and the others in the text as it came. Time
 * is at most the length of the text times that of the longest token.
 */
final class AddedTokens {
    private static final int MOST_BYTES = 512;

    /** What may be around a token: white space that becomes part of it, and that no word goes on. */
    private record Kind(int token, boolean left, boolean right, boolean word) {}

    private final Vocabulary vocabulary;
    private final ByteTrie raw = new ByteTrie("added tokens");
    private final ByteTrie normalized = new ByteTrie("added tokens");
    private final Map<Integer, Kind> kinds = new HashMap<>();

    AddedTokens(PipelinePart list, Vocabulary vocabulary, UnaryOperator<String> normalizer) {
        this.vocabulary = vocabulary;
        if (list.isMissing()) return;
        for (PipelinePart one : list.each()) {
            int token = one.number("id", -1);
            String content = one.text("content");
            if (token < 0 || token >= vocabulary.size()) throw one.wrong("has no id in the vocabulary: id=" + token);
            boolean isNormalized = one.flag("normalized", !one.flag("special", false));
            byte[] text = Utf8.of(isNormalized ? normalizer.apply(content) : content);
            if (text.length == 0) continue;
            if (text.length > MOST_BYTES) {
                throw one.wrong("is too long: bytes=" + text.length + ", most=" + MOST_BYTES);
            }
            Kind kind = new Kind(
                    token, one.flag("lstrip", false), one.flag("rstrip", false), one.flag("single_word", false));
            (isNormalized ? normalized : raw).put(text, token);
            kinds.put(token, kind);
        }
    }

    /** The parts of a text as it came, in order; together they are the text. */
    List<SpecialTokens.Fragment> inRaw(byte[] text, boolean parseSpecial) {
        return find(raw, text, parseSpecial);
    }

    /** The parts of a text that has been normalized. */
    List<SpecialTokens.Fragment> inNormalized(byte[] text, boolean parseSpecial) {
        return find(normalized, text, parseSpecial);
    }

    private List<SpecialTokens.Fragment> find(ByteTrie trie, byte[] text, boolean parseSpecial) {
        List<SpecialTokens.Fragment> all = new ArrayList<>();
        int open = 0;
        for (int i = 0; i < text.length; ) {
            ByteTrie.Found found =
                    trie.longest(text, i, t -> parseSpecial || vocabulary.type(t) == TokenType.USER_DEFINED);
            if (found == null) {
                i++;
                continue;
            }
            Kind kind = kinds.get(found.value());
            int from = i;
            int to = i + found.length();
            i = to;
            if (kind.word && (endsWithWord(text, from) || startsWithWord(text, to))) continue;
            while (kind.left && from > open && spaceBefore(text, from) > 0) from -= spaceBefore(text, from);
            while (kind.right && to < text.length && Utf8.isSpace(Utf8.at(text, to))) to += Utf8.length(text[to]);
            if (open < from) all.add(new SpecialTokens.Fragment(open, from, SpecialTokens.Fragment.PLAIN));
            all.add(new SpecialTokens.Fragment(from, to, kind.token));
            open = to;
            i = to;
        }
        if (open < text.length) {
            all.add(new SpecialTokens.Fragment(open, text.length, SpecialTokens.Fragment.PLAIN));
        }
        return all;
    }

    private static int start(byte[] text, int end) {
        int at = end - 1;
        while ((text[at] & 0xC0) == 0x80) at--;
        return at;
    }

    /** The length of the white space character that ends here, or 0. */
    private static int spaceBefore(byte[] text, int end) {
        int at = start(text, end);
        return Utf8.isSpace(Utf8.at(text, at)) ? end - at : 0;
    }

    private static boolean endsWithWord(byte[] text, int end) {
        return end > 0 && Utf8.isWord(Utf8.at(text, start(text, end)));
    }

    private static boolean startsWithWord(byte[] text, int at) {
        return at < text.length && Utf8.isWord(Utf8.at(text, at));
    }
}
