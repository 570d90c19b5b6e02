// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenizerFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A tokenizer.json told with the keys that other readers of GGUF files know, where it is of a kind that they have: what
 * is proposed is taken only if it makes the same tokens of {@link ProbeTexts}. What those keys cannot say of a text (its
 * normal form, white space around added tokens) stays in {@link TokenizerFiles#PIPELINE} beside them, which is what is
 * read here.
 */
public final class PeerTokenizer {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String PRE = "tokenizer.ggml.pre";

    /** What a kind would say, the likeliest first. */
    private static final List<Function<PeerTokenizer, List<Map<String, Object>>>> KINDS = List.of(
            PeerTokenizer::bytePairs, PeerTokenizer::scoredPairs, PeerTokenizer::words, PeerTokenizer::sentences);

    private final Metadata metadata;
    private final PipelinePart json;
    private final Vocabulary vocabulary;
    private final Tokenizer own;

    private PeerTokenizer(Metadata metadata) {
        this.metadata = metadata;
        this.json = PipelinePart.parse(metadata.text(TokenizerFiles.PIPELINE));
        this.vocabulary = Vocabulary.read(metadata);
        this.own = PipelineTokenizer.read(metadata);
    }

    /** The same metadata, with another reader's tokenizer where there is one; else as it was. */
    public static Metadata told(Metadata metadata) {
        if (!metadata.has(TokenizerFiles.PIPELINE)) return metadata;
        PeerTokenizer from = new PeerTokenizer(metadata);
        for (Function<PeerTokenizer, List<Map<String, Object>>> kind : KINDS) {
            for (Map<String, Object> proposed : kind.apply(from)) {
                Map<String, Object> values = new LinkedHashMap<>(metadata.values());
                values.putAll(proposed);
                if (from.isAlike(values)) {
                    // BERT's tokens are written in another way, and its keys say all
                    if (proposed.containsKey("tokenizer.ggml.tokens")) values.remove(TokenizerFiles.PIPELINE);
                    return new Metadata(values);
                }
            }
        }
        return metadata;
    }

    private boolean isAlike(Map<String, Object> values) {
        Map<String, Object> seen = new LinkedHashMap<>(values);
        seen.remove(TokenizerFiles.PIPELINE);
        try {
            Tokenizer peer = Tokenizers.from(new Metadata(seen));
            return ProbeTexts.ALL.stream()
                    .allMatch(text -> Arrays.equals(peer.encode(text, true, false), own.encode(text, true, false)));
        } catch (MalformedModelException | IllegalArgumentException e) {
            return false; // not even that
        }
    }

    private boolean isModel(String type) {
        Optional<String> said = json.get("model").optionalText("type");
        return said.orElse(metadata.has("tokenizer.ggml.merges") ? "BPE" : "Unigram")
                .equals(type);
    }

    /** The steps of a part, one or a sequence of them. */
    private static List<PipelinePart> steps(PipelinePart part, String name) {
        if (part.isMissing()) return List.of();
        return part.get(name).isMissing() ? List.of(part) : part.get(name).each();
    }

    /**
     * What stands around a text, as BOS and EOS.
     *
     * @param behind the key of the token behind
     * @param adds   the key of whether it is put there
     */
    private Optional<Map<String, Object>> around(String behind, String adds) {
        PostTemplate around = PostTemplate.read(json.get("post_processor"), vocabulary)
                .with(
                        metadata,
                        SpecialIds.read(metadata, vocabulary, SpecialIds.Defaults.of(-1, -1, -1, false, false)));
        if (around.before().size() > 1 || around.behind().size() > 1) return Optional.empty();
        Map<String, Object> values = new LinkedHashMap<>();
        put(values, "tokenizer.ggml.bos_token_id", "tokenizer.ggml.add_bos_token", around.before());
        put(values, behind, adds, around.behind());
        return Optional.of(values);
    }

    private static void put(Map<String, Object> values, String id, String adds, List<Integer> tokens) {
        values.put(adds, !tokens.isEmpty());
        if (!tokens.isEmpty()) values.put(id, (long) tokens.getFirst());
    }

    /** Of a kind whose text stands between BOS and EOS. */
    private List<Map<String, Object>> between(String model, List<Map<String, Object>> each) {
        Map<String, Object> around = around("tokenizer.ggml.eos_token_id", "tokenizer.ggml.add_eos_token")
                .orElse(null);
        if (around == null) return List.of();
        List<Map<String, Object>> all = new ArrayList<>();
        for (Map<String, Object> one : each) {
            Map<String, Object> values = new LinkedHashMap<>(around);
            values.put(MODEL, model);
            values.putAll(one);
            all.add(values);
        }
        return all;
    }

    /** Bytes as letters, cut as a pre-tokenizer does. Whether the text is brought to a normal form peers' files do not say. */
    private List<Map<String, Object>> bytePairs() {
        boolean isPlain = steps(json.get("normalizer"), "normalizers").stream()
                .allMatch(step -> step.text("type").equals("NFC"));
        PipelinePart model = json.get("model");
        if (!isModel("BPE") || !isPlain || model.flag("byte_fallback", false)) return List.of();
        boolean whole = model.flag("ignore_merges", false);
        List<Map<String, Object>> each = new ArrayList<>();
        for (String name : PreTokenizers.apart()) {
            PreTokenizer pre = PreTokenizers.ALL.make(name);
            if (pre.takesWholeTokens() == whole && cutsAlike(pre)) each.add(Map.of(PRE, name));
        }
        return between("gpt2", each);
    }

    private boolean cutsAlike(PreTokenizer pre) {
        PieceStep step = PipelineSteps.cut(json.get("pre_tokenizer"));
        for (String text : ProbeTexts.ALL) {
            byte[] utf8 = Utf8.of(text);
            Pieces pieces = step.apply(Pieces.whole(utf8, true));
            List<Integer> wanted = new ArrayList<>();
            int end = 0;
            for (int p = 0; p < pieces.count(); p++) {
                byte[] letters = Arrays.copyOfRange(pieces.text(), pieces.from(p), pieces.to(p));
                end += ByteLetters.read(letters).length;
                wanted.add(end);
            }
            List<Integer> got = new ArrayList<>();
            pre.cut(utf8, 0, utf8.length, got::add);
            if (!got.equals(wanted)) return false;
        }
        return true;
    }

    /** Characters, spaces as U+2581, bytes to fall back on: SentencePiece's, merged by a list. */
    private List<Map<String, Object>> scoredPairs() {
        if (!isModel("BPE") || !json.get("model").flag("byte_fallback", false)) return List.of();
        float[] scores = MergeScores.of(vocabulary, metadata.strings("tokenizer.ggml.merges"))
                .orElse(null);
        if (scores == null) return List.of();
        List<Map<String, Object>> each = new ArrayList<>();
        for (boolean prefix : new boolean[] {true, false}) {
            each.add(
                    Map.of(PRE, "default", "tokenizer.ggml.scores", scores, "tokenizer.ggml.add_space_prefix", prefix));
        }
        return between("llama", each);
    }

    private List<Map<String, Object>> words() {
        PipelinePart model = json.get("model");
        PipelinePart normalizer = json.get("normalizer");
        if (!isModel("WordPiece") || !normalizer.optionalText("type").orElse("").equals("BertNormalizer")) {
            return List.of();
        }
        boolean isUsual = model.optionalText("continuing_subword_prefix")
                        .orElse(WordMarks.CONTINUING)
                        .equals(WordMarks.CONTINUING)
                && model.number("max_input_chars_per_word", BertWords.MOST_CHARACTERS) == BertWords.MOST_CHARACTERS
                && normalizer.flag("clean_text", true)
                && normalizer.flag("handle_chinese_chars", true);
        boolean lower = normalizer.flag("lowercase", true);
        Map<String, Object> values = around("tokenizer.ggml.seperator_token_id", "tokenizer.ggml.add_sep_token")
                .orElse(null);
        if (!isUsual || values == null) return List.of();
        values.put(MODEL, "bert");
        values.put("tokenizer.ggml.tokens", WordMarks.told(vocabulary));
        values.put(BertWords.NORMALIZER + "lowercase", lower);
        values.put(BertWords.NORMALIZER + "strip_accents", normalizer.flag("strip_accents", lower));
        return List.of(values);
    }

    private List<Map<String, Object>> sentences() {
        if (!isModel("Unigram")) return List.of();
        byte[] table = steps(json.get("normalizer"), "normalizers").stream()
                .filter(step -> step.text("type").equals("Precompiled"))
                .findFirst()
                .map(Precompiled::table)
                .orElse(new byte[0]);
        List<Map<String, Object>> each = new ArrayList<>();
        for (boolean prefix : new boolean[] {true, false}) {
            for (boolean extra : new boolean[] {true, false}) {
                Map<String, Object> one = new LinkedHashMap<>(Map.of(
                        PRE,
                        "default",
                        "tokenizer.ggml.add_space_prefix",
                        prefix,
                        "tokenizer.ggml.remove_extra_whitespaces",
                        extra));
                if (table.length > 0) one.put("tokenizer.ggml.precompiled_charsmap", table);
                each.add(one);
            }
        }
        return between("t5", each);
    }
}
