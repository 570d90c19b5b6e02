// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenizerFiles;
import dev.jay.tensor.Catalog;
import java.util.Arrays;

/**
 * A tokenizer.json as it describes itself: added tokens are found, what lies between them is normalized, cut into pieces,
 * and each piece coded; then tokens are put around it. Ids are those of Hugging Face's tokenizers.
 */
final class PipelineTokenizer extends KnownTokens {
    static final Catalog.Entry<TokenizerKind> ENTRY = new Catalog.Entry<>(
            TokenizerFiles.BY_PIPELINE, "what a tokenizer.json describes", args -> PipelineTokenizer::read);

    private final Normalizer normalizer;
    private final AddedTokens added;
    private final PieceStep cut;
    private final PieceCoding coding;
    private final PostTemplate around;
    private final TokenTexts texts;

    private PipelineTokenizer(Metadata metadata, PipelinePart json, Vocabulary vocabulary) {
        super(vocabulary, SpecialIds.read(metadata, vocabulary, SpecialIds.Defaults.of(-1, -1, -1, false, false)));
        normalizer = PipelineSteps.normalizer(json.get("normalizer"));
        added = new AddedTokens(json.get("added_tokens"), vocabulary, normalizer::apply);
        cut = PipelineSteps.cut(json.get("pre_tokenizer"));
        coding = PipelineSteps.coding(json.get("model"), vocabulary, ids.unknown(), metadata);
        around = PostTemplate.read(json.get("post_processor"), vocabulary).with(metadata, ids);
        texts = TokenTexts.read(json.get("decoder"), vocabulary);
    }

    static Tokenizer read(Metadata metadata) {
        PipelinePart json = PipelinePart.parse(metadata.text(TokenizerFiles.PIPELINE));
        return new PipelineTokenizer(metadata, json, Vocabulary.read(metadata));
    }

    @Override
    public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
        TokenList out = new TokenList();
        if (addSpecial) for (int token : around.before()) out.add(token);
        byte[] raw = Utf8.of(text);
        for (SpecialTokens.Fragment part : added.inRaw(raw, parseSpecial)) {
            if (part.token() != SpecialTokens.Fragment.PLAIN) {
                out.add(part.token());
            } else {
                normalized(Utf8.text(raw, part.from(), part.to()), part.from() == 0, parseSpecial, out);
            }
        }
        if (addSpecial) for (int token : around.behind()) out.add(token);
        return out.toArray();
    }

    private void normalized(String plain, boolean first, boolean parseSpecial, TokenList out) {
        byte[] text = Utf8.of(normalizer.apply(plain));
        for (SpecialTokens.Fragment part : added.inNormalized(text, parseSpecial)) {
            if (part.token() != SpecialTokens.Fragment.PLAIN) {
                out.add(part.token());
                continue;
            }
            byte[] own =
                    part.to() - part.from() == text.length ? text : Arrays.copyOfRange(text, part.from(), part.to());
            Pieces pieces = cut.apply(Pieces.whole(own, first && part.from() == 0));
            for (int p = 0; p < pieces.count(); p++) coding.encode(pieces.text(), pieces.from(p), pieces.to(p), out);
        }
    }

    @Override
    byte[] textOf(int token) {
        return texts.bytes(token);
    }

    @Override
    public boolean addsSpacePrefix() {
        return texts.beginsWithSpace();
    }
}
