// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/** What the kinds have in common: special tokens are found first, what lies between them goes to the kind's coding. */
final class VocabularyTokenizer extends KnownTokens {
    private static final List<String> PHI_3_KEEPS_SPACE_BEHIND = List.of("<unk>", "<s>", "<|endoftext|>");

    private final TextCoding coding;
    private final SpecialTokens specials;

    VocabularyTokenizer(Metadata metadata, Vocabulary vocabulary, SpecialIds ids, TextCoding coding) {
        super(vocabulary, ids);
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
    byte[] textOf(int token) {
        return coding.bytes(token);
    }

    @Override
    public boolean addsSpacePrefix() {
        return coding.addsSpacePrefix();
    }
}
