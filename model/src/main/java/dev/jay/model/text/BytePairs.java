// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenType;
import dev.jay.tensor.Catalog;
import java.util.Arrays;
import java.util.List;

/** Byte-level byte-pair encoding (GPT-2 and its kin): pieces of text, within each the pair of least rank merges first. */
final class BytePairs implements TextCoding {
    static final Catalog.Entry<TokenizerKind> ENTRY =
            new Catalog.Entry<>("gpt2", "byte-level byte-pair encoding, by merges", args -> BytePairs::read);

    private static final System.Logger LOG = System.getLogger(BytePairs.class.getName());
    private static final String PRE = "tokenizer.ggml.pre";

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final PreTokenizer pieces;
    private final int unknown;

    private BytePairs(Vocabulary vocabulary, MergeTable merges, PreTokenizer pieces, int unknown) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.pieces = pieces;
        this.unknown = unknown;
    }

    static Tokenizer read(Metadata metadata) {
        Vocabulary vocabulary = Vocabulary.read(metadata);
        String pre = metadata.optionalText(PRE).orElse("");
        if (pre.isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the model file does not say " + PRE + ": taking " + PreTokenizers.DEFAULT
                            + "; its tokens may differ from those the model was trained on");
            pre = PreTokenizers.DEFAULT;
        }
        PreTokenizer pieces = Tokenizers.named(PreTokenizers.ALL, pre);
        SpecialIds ids =
                SpecialIds.read(metadata, vocabulary, SpecialIds.Defaults.of(-1, -1, -1, pieces.addsBos(), false));
        List<String> merges = metadata.strings("tokenizer.ggml.merges");
        TextCoding coding = new BytePairs(vocabulary, new MergeTable(vocabulary, merges), pieces, ids.unknown());
        return new VocabularyTokenizer(metadata, vocabulary, ids, coding);
    }

    @Override
    public void encode(byte[] text, int from, int to, boolean afterSpecial, TokenList out) {
        Merger merger = new Merger();
        int[] open = {from};
        pieces.cut(text, from, to, end -> {
            int whole = pieces.takesWholeTokens() ? merger.whole(text, open[0], end) : -1;
            if (whole >= 0) {
                out.add(whole);
            } else {
                merger.merge(text, open[0], end, out);
            }
            open[0] = end;
        });
    }

    @Override
    public byte[] bytes(int token) {
        byte[] text = vocabulary.bytes(token);
        return vocabulary.type(token) == TokenType.USER_DEFINED ? text : ByteLetters.read(text);
    }

    @Override
    public boolean addsSpacePrefix() {
        return false;
    }

    /** Merges within one piece at a time; keeps its arrays from piece to piece. */
    private final class Merger {
        private final PairMerger pairs = new PairMerger(merges);
        private byte[] letters = new byte[128];

        int whole(byte[] text, int from, int to) {
            if (letters.length < 2 * (to - from)) letters = new byte[4 * (to - from)];
            return vocabulary.findPlain(letters, 0, ByteLetters.write(text, from, to, letters));
        }

        void merge(byte[] text, int from, int to, TokenList out) {
            pairs.begin(to - from);
            for (int i = from; i < to; i++) pairs.add(merges.ofByte(text[i]));
            pairs.merge();
            for (int i = 0; i < pairs.count(); i = pairs.next(i)) {
                emit(text, from + i, from + pairs.next(i), pairs.symbol(i), out);
            }
        }

        private void emit(byte[] text, int from, int to, int symbol, TokenList out) {
            if (merges.isToken(symbol)) {
                out.add(symbol);
                return;
            }
            for (int i = from; i < to; i++) {
                int token = merges.isToken(merges.ofByte(text[i])) ? merges.ofByte(text[i]) : unknown;
                if (token < 0) {
                    throw new IllegalArgumentException("encoding: the vocabulary has no token for the byte "
                            + (text[i] & 0xFF) + " and no unknown token, piece="
                            + Arrays.toString(Arrays.copyOfRange(text, from, Math.min(to, from + 16))));
                }
                out.add(token);
            }
        }
    }
}
