// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenType;
import dev.jay.tensor.Catalog;
import java.nio.charset.StandardCharsets;

/** SentencePiece's unigram model (T5, ALBERT, XLM-R and their kin), from a GGUF file or a tokenizer.model. */
final class Sentences implements TextCoding {
    static final Catalog.Entry<TokenizerKind> ENTRY =
            new Catalog.Entry<>("t5", "SentencePiece unigram, by scores", args -> Sentences::read);

    private final Vocabulary vocabulary;
    private final UnigramLattice lattice;
    private final SentenceText writing;

    private Sentences(Vocabulary vocabulary, UnigramLattice lattice, SentenceText writing) {
        this.vocabulary = vocabulary;
        this.lattice = lattice;
        this.writing = writing;
    }

    static Tokenizer read(Metadata metadata) {
        Vocabulary vocabulary = Vocabulary.read(metadata);
        SpecialIds ids = SpecialIds.read(metadata, vocabulary, SpecialIds.Defaults.of(-1, 1, 2, false, true));
        boolean bytes = false;
        for (int t = 0; t < vocabulary.size(); t++) bytes |= vocabulary.type(t) == TokenType.BYTE;
        float[] scores = metadata.reals("tokenizer.ggml.scores");
        UnigramLattice lattice = new UnigramLattice(vocabulary, scores, ids.unknown(), bytes, true);
        TextCoding coding = new Sentences(vocabulary, lattice, SentenceText.read(metadata));
        return new VocabularyTokenizer(metadata, vocabulary, ids, coding);
    }

    @Override
    public void encode(byte[] text, int from, int to, boolean afterSpecial, TokenList out) {
        byte[] written = writing.write(text, from, to, afterSpecial);
        if (written.length > 0) lattice.encode(written, 0, written.length, out);
    }

    @Override
    public byte[] bytes(int token) {
        byte[] text = vocabulary.bytes(token);
        return switch (vocabulary.type(token)) {
            case TokenType.BYTE -> new byte[] {(byte) ByteTokens.byteOf(vocabulary, token)};
            case TokenType.USER_DEFINED -> text;
            default ->
                new String(text, StandardCharsets.UTF_8).replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
        };
    }

    @Override
    public boolean addsSpacePrefix() {
        return writing.addsSpacePrefix();
    }
}
