// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import java.text.Normalizer.Form;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Every step a tokenizer.json may name by its type, and what makes it. To add one: write its file, add its line. A part
 * that is missing does nothing.
 */
final class PipelineSteps {
    private static final int MOST_STEPS = 64;
    private static final int MOST_DEPTH = 8;
    private static final int MOST_WORD = 1000;

    private static final Map<String, Function<PipelinePart, Normalizer>> NORMALIZERS = Map.ofEntries(
            Map.entry("NFC", part -> Normalizers.form(Form.NFC)),
            Map.entry("NFD", part -> Normalizers.form(Form.NFD)),
            Map.entry("NFKC", part -> Normalizers.form(Form.NFKC)),
            Map.entry("NFKD", part -> Normalizers.form(Form.NFKD)),
            Map.entry("Lowercase", part -> Normalizers::lower),
            Map.entry("StripAccents", part -> Normalizers::stripAccents),
            Map.entry("Strip", Normalizers::strip),
            Map.entry("Replace", Normalizers::replace),
            Map.entry("Prepend", Normalizers::prepend),
            Map.entry("ByteLevel", part -> Normalizers::letters),
            Map.entry("Nmt", part -> Normalizers::nmt),
            Map.entry("Precompiled", Precompiled::new),
            Map.entry("BertNormalizer", BertNormalizer::new));

    private static final Map<String, Function<PipelinePart, PieceStep>> CUTS = Map.ofEntries(
            Map.entry("ByteLevel", ByteLevelStep::new),
            Map.entry("Metaspace", MetaspaceStep::new),
            Map.entry("Split", Cuts::split),
            Map.entry("Whitespace", Cuts::words),
            Map.entry("WhitespaceSplit", Cuts::whiteSpace),
            Map.entry("Punctuation", Cuts::punctuation),
            Map.entry("Digits", Cuts::digits),
            Map.entry("BertPreTokenizer", Cuts::bert),
            Map.entry("CharDelimiterSplit", Cuts::delimiter));

    /** Makes the coding of a model. */
    private interface MakeCoding {
        PieceCoding make(PipelinePart model, Vocabulary vocabulary, int unknown, Metadata metadata);
    }

    private static final Map<String, MakeCoding> CODINGS = Map.of(
            "BPE", CharacterPairs::new,
            "WordPiece", PipelineSteps::wordPieces,
            "Unigram", UnigramLattice::of);

    private PipelineSteps() {}

    static Normalizer normalizer(PipelinePart part) {
        return normalizer(part, 0);
    }

    private static Normalizer normalizer(PipelinePart part, int depth) {
        if (part.isMissing()) return text -> text;
        if (!part.text("type").equals("Sequence")) return part.make(NORMALIZERS);
        List<Normalizer> all = sequence(part.get("normalizers"), depth).stream()
                .map(one -> normalizer(one, depth + 1))
                .toList();
        return text -> {
            String at = text;
            for (Normalizer one : all) {
                at = one.apply(at);
                BoundedText.check(at.length(), text.length());
            }
            return at;
        };
    }

    static PieceStep cut(PipelinePart part) {
        return cut(part, 0);
    }

    private static PieceStep cut(PipelinePart part, int depth) {
        if (part.isMissing()) return pieces -> pieces;
        if (!part.text("type").equals("Sequence")) return part.make(CUTS);
        List<PieceStep> all = sequence(part.get("pretokenizers"), depth).stream()
                .map(one -> cut(one, depth + 1))
                .toList();
        return pieces -> {
            Pieces at = pieces;
            for (PieceStep one : all) at = one.apply(at);
            return at;
        };
    }

    private static List<PipelinePart> sequence(PipelinePart list, int depth) {
        List<PipelinePart> all = list.each();
        if (all.size() > MOST_STEPS) throw list.wrong("has " + all.size() + " steps, most=" + MOST_STEPS);
        if (depth == MOST_DEPTH) throw list.wrong("is nested deeper than " + MOST_DEPTH);
        return all;
    }

    static PieceCoding coding(PipelinePart model, Vocabulary vocabulary, int unknown, Metadata metadata) {
        // files of older versions do not name the type of BPE and Unigram
        String type = model.optionalText("type").orElse(metadata.has("tokenizer.ggml.merges") ? "BPE" : "Unigram");
        MakeCoding make = CODINGS.get(type);
        if (make == null) {
            throw model.wrong("is of a type that is not supported: type=" + type + ", known="
                    + CODINGS.keySet().stream().sorted().toList());
        }
        return make.make(model, vocabulary, unknown, metadata);
    }

    private static PieceCoding wordPieces(PipelinePart model, Vocabulary vocabulary, int unknown, Metadata metadata) {
        if (unknown < 0)
            throw model.wrong("has no unknown token, unk_token=" + model.json().path("unk_token"));
        String continuing = model.optionalText("continuing_subword_prefix").orElse("##");
        int most = model.number("max_input_chars_per_word", 100);
        if (most > MOST_WORD)
            throw model.wrong("has too long words: max_input_chars_per_word=" + most + ", most=" + MOST_WORD);
        return new WordPieces(vocabulary, unknown, "", continuing, most);
    }
}
