// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.tensor.Catalog;
import java.nio.charset.StandardCharsets;

/**
 * BERT's WordPiece as GGUF files have it: a token that begins a word has U+2581 in front, one that goes on has no mark.
 * Words are made, and given up, as BERT's own tokenizer does.
 */
final class BertWords implements TextCoding {
    static final Catalog.Entry<TokenizerKind> ENTRY =
            new Catalog.Entry<>("bert", "WordPiece, by the longest token first", args -> BertWords::read);

    static final int MOST_CHARACTERS = 100;
    static final String NORMALIZER = "tokenizer.ggml.normalizer.";

    private final Vocabulary vocabulary;
    private final Normalizer normalizer;
    private final PieceStep cut = Cuts.bert(null);
    private final WordPieces words;

    private BertWords(Vocabulary vocabulary, Normalizer normalizer, int unknown) {
        this.vocabulary = vocabulary;
        this.normalizer = normalizer;
        words = new WordPieces(vocabulary, unknown, WordMarks.BEGINNING, "", MOST_CHARACTERS);
    }

    static Tokenizer read(Metadata metadata) {
        Vocabulary vocabulary = Vocabulary.read(metadata);
        SpecialIds ids = SpecialIds.read(metadata, vocabulary, SpecialIds.Defaults.separated(101, 100, 102));
        boolean lower = metadata.flag(NORMALIZER + "lowercase", true);
        Normalizer normalizer =
                new BertNormalizer(true, true, metadata.flag(NORMALIZER + "strip_accents", lower), lower);
        return new VocabularyTokenizer(metadata, vocabulary, ids, new BertWords(vocabulary, normalizer, ids.unknown()));
    }

    @Override
    public void encode(byte[] text, int from, int to, boolean afterSpecial, TokenList out) {
        byte[] clean = Utf8.of(normalizer.apply(Utf8.text(text, from, to)));
        Pieces pieces = cut.apply(Pieces.whole(clean, afterSpecial));
        for (int p = 0; p < pieces.count(); p++) words.encode(pieces.text(), pieces.from(p), pieces.to(p), out);
    }

    @Override
    public byte[] bytes(int token) {
        String text = vocabulary.text(token).replace('\u2581', ' ');
        return TokenTexts.clean(text).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean addsSpacePrefix() {
        return true;
    }
}
