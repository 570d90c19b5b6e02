// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenType;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What the kinds have in common: special tokens are found first, what lies between them goes to the kind's coding. */
final class VocabularyTokenizer implements Tokenizer {
    private static final List<String> PHI_3_KEEPS_SPACE_BEHIND = List.of("<unk>", "<s>", "<|endoftext|>");

    private final Vocabulary vocabulary;
    private final SpecialIds ids;
    private final TextCoding coding;
    private final SpecialTokens specials;

    VocabularyTokenizer(Metadata metadata, Vocabulary vocabulary, SpecialIds ids, TextCoding coding) {
        this.vocabulary = vocabulary;
        this.ids = ids;
        this.coding = coding;
        String name = metadata.values().get("general.name") instanceof String s ? s.toLowerCase(Locale.ROOT) : "";
        boolean phi3 = name.contains("phi-3") || name.contains("phi3");
        this.specials = new SpecialTokens(vocabulary, phi3 ? eatingSpaceBehind(vocabulary) : new BitSet());
    }

    /** Phi-3's special tokens take the white space behind them; its GGUF files say so by their name alone. */
    private static BitSet eatingSpaceBehind(Vocabulary vocabulary) {
        BitSet eating = new BitSet();
        for (int t = 0; t < vocabulary.size(); t++) {
            boolean keeps =
                    !SpecialTokens.isSpecial(vocabulary, t) || PHI_3_KEEPS_SPACE_BEHIND.contains(vocabulary.text(t));
            eating.set(t, !keeps);
        }
        return eating;
    }

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        TokenList out = new TokenList();
        if (addSpecial && ids.addsBos()) out.add(ids.bos());
        byte[] utf8 = Utf8.of(text);
        boolean afterSpecial = true;
        for (SpecialTokens.Fragment fragment : specials.split(utf8, parseSpecial)) {
            if (fragment.token() != SpecialTokens.Fragment.PLAIN) {
                out.add(fragment.token());
            } else {
                coding.encode(utf8, fragment.from(), fragment.to(), afterSpecial, out);
            }
            afterSpecial = fragment.token() != SpecialTokens.Fragment.PLAIN;
        }
        if (addSpecial) for (int token : ids.behind()) out.add(token);
        return out.toArray();
    }

    @Override
    public byte[] bytes(int token) {
        byte type = vocabulary.type(checked(token));
        if (type == TokenType.CONTROL || type == TokenType.UNKNOWN) return new byte[0];
        return coding.bytes(token);
    }

    @Override
    public String piece(int token) {
        return vocabulary.text(checked(token));
    }

    @Override
    public int size() {
        return vocabulary.size();
    }

    @Override
    public boolean isControl(int token) {
        return vocabulary.type(checked(token)) == TokenType.CONTROL;
    }

    @Override
    public int bos() {
        return ids.bos();
    }

    @Override
    public int eos() {
        return ids.eos();
    }

    @Override
    public Set<Integer> endOfGeneration() {
        return ids.ends();
    }

    @Override
    public boolean addsSpacePrefix() {
        return coding.addsSpacePrefix();
    }

    private int checked(int token) {
        if (token < 0 || token >= vocabulary.size()) {
            throw new IllegalArgumentException("decoding: token=" + token
                    + " is not in the vocabulary, allowed is 0 to " + (vocabulary.size() - 1));
        }
        return token;
    }
}
