// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import java.text.BreakIterator;
import java.util.Base64;
import java.util.Locale;

/**
 * SentencePiece's table of replacements as Hugging Face applies it: to a whole grapheme of few bytes, else to each of its
 * characters; the shortest entry that begins either one replaces all of it.
 */
final class Precompiled implements Normalizer {
    private static final int SHORT_GRAPHEME = 6;

    private final CharacterMap map;

    Precompiled(PipelinePart part) {
        try {
            map = new CharacterMap(table(part));
        } catch (IllegalArgumentException e) {
            throw part.wrong("has a precompiled_charsmap that cannot be read: " + e.getMessage());
        }
    }

    /** @throws IllegalArgumentException if it is not base64 */
    static byte[] table(PipelinePart part) {
        return Base64.getDecoder().decode(part.text("precompiled_charsmap"));
    }

    @Override
    public String apply(String text) {
        BoundedText out = new BoundedText(text.length());
        BreakIterator graphemes = BreakIterator.getCharacterInstance(Locale.ROOT);
        graphemes.setText(text);
        int from = graphemes.first();
        for (int to = graphemes.next(); to != BreakIterator.DONE; from = to, to = graphemes.next()) {
            grapheme(text.substring(from, to), out);
        }
        return out.toString();
    }

    private void grapheme(String grapheme, BoundedText out) {
        byte[] utf8 = Utf8.of(grapheme);
        String whole = utf8.length < SHORT_GRAPHEME ? map.shortest(utf8) : null;
        if (whole != null) {
            out.add(whole);
            return;
        }
        grapheme.codePoints().forEach(c -> {
            String one = Character.toString(c);
            String replaced = map.shortest(Utf8.of(one));
            out.add(replaced == null ? one : replaced);
        });
    }
}
