// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** What a tokenizer.json becomes for other readers of GGUF files makes the tokens that it makes itself. */
class PeerTokenizerTest {
    @TempDir
    private Path folder;

    private static Metadata withoutPipeline(Metadata metadata) {
        Map<String, Object> values = new HashMap<>(metadata.values());
        values.remove(TokenizerFiles.PIPELINE);
        return new Metadata(values);
    }

    /** The texts of which the two make other tokens. */
    private static Map<String, String> differing(Tokenizer own, Tokenizer peer, boolean parseSpecial) {
        List<String> texts = new ArrayList<>(Goldens.prompts().values());
        texts.addAll(ProbeTexts.ALL);
        Map<String, String> wrong = new LinkedHashMap<>();
        for (String text : texts) {
            int[] a = own.encode(text, true, parseSpecial);
            int[] b = peer.encode(text, true, parseSpecial);
            if (!Arrays.equals(a, b)) wrong.put(text, Arrays.toString(b) + " for " + Arrays.toString(a));
        }
        return wrong;
    }

    @ParameterizedTest
    @CsvSource({
        "hf/bert-base-uncased-langchain4j.tokenizer.json, bert, ",
        "hf/phi-2.tokenizer.json, gpt2, gpt-2",
        "hf/roberta-base.tokenizer.json, gpt2, gpt-2",
        "hf/t5-small.tokenizer.json, t5, default",
    })
    void shouldTellFilesOfHuggingFaceSo(String file, String kind, String pre) {
        Metadata own = Goldens.metadataOfDirectory(file, "tokenizer.json");
        Metadata told = PeerTokenizer.told(own);
        assertThat(told.text("tokenizer.ggml.model")).isEqualTo(kind);
        assertThat(told.optionalText("tokenizer.ggml.pre").orElse(null)).isEqualTo(pre);
        Tokenizer wanted = Tokenizers.from(own);
        for (boolean parseSpecial : new boolean[] {false, true}) {
            assertThat(differing(wanted, Tokenizers.from(told), parseSpecial)).isEmpty();
            Map<String, String> wrong = differing(wanted, Tokenizers.from(withoutPipeline(told)), parseSpecial);
            // a plain token of RoBERTa's that a reader of GGUF files takes for the end of a text, if it may
            if (file.contains("roberta") && parseSpecial) wrong.keySet().removeIf(t -> t.contains("<|endoftext|>"));
            assertThat(wrong).isEmpty();
        }
    }

    /** What is told apart is what could be taken for another: all pre-tokenizers, whether or not whole tokens go first. */
    @Test
    void probesShouldTellAllCutsApart() {
        Map<String, List<String>> byCuts = new LinkedHashMap<>();
        for (String name : PreTokenizers.apart()) {
            PreTokenizer pre = PreTokenizers.ALL.make(name);
            StringBuilder cuts = new StringBuilder().append(pre.takesWholeTokens());
            for (String text : ProbeTexts.ALL) {
                byte[] utf8 = Utf8.of(text);
                pre.cut(utf8, 0, utf8.length, end -> cuts.append(' ').append(end));
            }
            byCuts.computeIfAbsent(cuts.toString(), _ -> new ArrayList<>()).add(name);
        }
        // the expressions of these two are written otherwise and find the same
        assertThat(byCuts.values().stream().filter(names -> names.size() > 1))
                .containsExactly(List.of("qwen2", "bailingmoe"));
        assertThat(byCuts).hasSizeGreaterThan(20);
        assertThat(ProbeTexts.ALL).allMatch(t -> java.text.Normalizer.isNormalized(t, java.text.Normalizer.Form.NFC));
    }

    private Metadata read(Map<String, Object> json) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), JsonMapper.shared().writeValueAsString(json));
        return new Metadata(TokenizerFiles.read(folder));
    }

    private static Map<String, Object> split(String expression, String behavior) {
        return Map.of(
                "type",
                "Split",
                "pattern",
                Map.of("Regex", expression),
                "behavior",
                behavior,
                "invert",
                behavior.equals("Removed"));
    }

    private static Map<String, Object> letters(boolean cuts) {
        return Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", cuts);
    }

    private static Map<String, Object> sequence(Object... steps) {
        return Map.of("type", "Sequence", "pretokenizers", List.of(steps));
    }

    /** As published models have them. */
    private static Map<String, Map<String, Object>> published() {
        String llama3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
                + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
        String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
        String byCase = "[^\\r\\n\\p{L}\\p{N}]?" + upper + "*" + lower + "+%1$s|[^\\r\\n\\p{L}\\p{N}]?" + upper + "+"
                + lower + "*%1$s|\\p{N}%2$s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
        Map<String, Object> digits = Map.of("type", "Digits", "individual_digits", true);
        Map<String, Map<String, Object>> all = new LinkedHashMap<>();
        all.put("gpt-2", letters(true));
        all.put("llama-bpe", sequence(split(llama3, "Isolated"), letters(false)));
        all.put("smaug-bpe", sequence(split(llama3, "Isolated"), letters(false)));
        all.put("qwen2", sequence(split(llama3.replace("{1,3}", ""), "Isolated"), letters(false)));
        all.put("starcoder", sequence(digits, letters(true)));
        all.put(
                "gpt-4o",
                sequence(split(byCase.formatted("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "{1,3}"), "Removed"), letters(false)));
        all.put("tekken", sequence(split(byCase.formatted("", ""), "Isolated"), letters(false)));
        all.put(
                "deepseek-v3",
                sequence(
                        split("\\p{N}{1,3}", "Isolated"),
                        split("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", "Isolated"),
                        split(
                                "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?"
                                        + "[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
                                "Isolated"),
                        letters(false)));
        return all;
    }

    static List<String> cuts() {
        return List.copyOf(published().keySet());
    }

    /** With the bytes and some merges as vocabulary, and tokens that merges do not reach. */
    @ParameterizedTest
    @MethodSource("cuts")
    void shouldKnowHowPublishedModelsCut(String pre) throws IOException {
        boolean whole = PreTokenizers.ALL.make(pre).takesWholeTokens();
        Map<String, Integer> vocab = new LinkedHashMap<>();
        for (int b = 0; b < 256; b++) vocab.put(ByteLetters.write(new byte[] {(byte) b}), b);
        List<String> merges = new ArrayList<>();
        for (String merge : List.of(
                "h e", "\u0120 t", "\u0120t he", "1 2", "12 3", "' s", "\u010a \u010a", "e r", "\u0120 \u0120")) {
            merges.add(merge);
            vocab.put(merge.replace(" ", ""), vocab.size());
        }
        vocab.put("\u0120sure", vocab.size());
        Map<String, Object> model = Map.of("type", "BPE", "vocab", vocab, "merges", merges, "ignore_merges", whole);
        Map<String, Object> json =
                new HashMap<>(Map.of("pre_tokenizer", published().get(pre), "model", model));
        json.put("normalizer", pre.equals("qwen2") ? Map.of("type", "NFC") : null);
        json.put("decoder", Map.of("type", "ByteLevel"));
        Map<String, Object> end =
                Map.of("id", vocab.size(), "content", "<|endoftext|>", "special", true, "normalized", false);
        json.put("added_tokens", List.of(end));
        Metadata own = read(json);
        Metadata told = PeerTokenizer.told(own);
        assertThat(told.text("tokenizer.ggml.model")).isEqualTo("gpt2");
        assertThat(told.text("tokenizer.ggml.pre")).isEqualTo(pre);
        Tokenizer wanted = Tokenizers.from(own);
        assertThat(differing(wanted, Tokenizers.from(told), true)).isEmpty();
        Map<String, String> wrong = differing(wanted, Tokenizers.from(withoutPipeline(told)), true);
        // peers' files cannot say that a text is composed first
        if (pre.equals("qwen2")) {
            wrong.keySet().removeIf(t -> !java.text.Normalizer.isNormalized(t, java.text.Normalizer.Form.NFC));
        }
        assertThat(wrong).isEmpty();
    }

    /** What no other reader has stays as it was: a step of the cut that none of them makes, or one more normalizer. */
    @Test
    void shouldLeaveWhatPeersDoNotHave() throws IOException {
        for (String file : List.of(SmallFiles.BYTE_PAIRS, SmallFiles.CHARACTERS, SmallFiles.UNIGRAM)) {
            Files.writeString(folder.resolve("tokenizer.json"), file);
            Metadata own = new Metadata(TokenizerFiles.read(folder));
            assertThat(PeerTokenizer.told(own).values()).isEqualTo(own.values());
        }
        Metadata gguf = Goldens.metadata("1-tokenizers/ggml-vocab/ggml-vocab-gpt-2.gguf");
        assertThat(PeerTokenizer.told(gguf)).isSameAs(gguf);
    }

    /** As Hugging Face's own conversion of a SentencePiece model makes it. */
    private Map<String, Object> llama2(boolean prefix) {
        Metadata pieces = Goldens.metadataOfDirectory("sentencepiece/llama2-spm.model", "tokenizer.model");
        List<String> tokens = pieces.strings("tokenizer.ggml.tokens");
        float[] scores = pieces.reals("tokenizer.ggml.scores");
        Map<String, Integer> vocab = new LinkedHashMap<>();
        for (String token : tokens) vocab.put(token, vocab.size());
        Map<Integer, List<String>> merges =
                new TreeMap<>(Comparator.comparing((Integer t) -> -scores[t]).thenComparing(t -> t));
        vocab.forEach((token, id) -> {
            List<String> halves = IntStream.range(1, token.length())
                    .filter(at -> vocab.containsKey(token.substring(0, at)) && vocab.containsKey(token.substring(at)))
                    .boxed()
                    .sorted(Comparator.comparing(at -> vocab.get(token.substring(0, at))))
                    .map(at -> token.substring(0, at) + ' ' + token.substring(at))
                    .toList();
            if (!halves.isEmpty()) merges.put(id, halves);
        });
        Map<String, Object> spaces = Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "\u2581");
        Map<String, Object> front = Map.of("type", "Prepend", "prepend", "\u2581");
        return Map.of(
                "added_tokens",
                List.of(added(0, "<unk>"), added(1, "<s>"), added(2, "</s>")),
                "normalizer",
                prefix ? Map.of("type", "Sequence", "normalizers", List.of(front, spaces)) : spaces,
                "post_processor",
                Map.of(
                        "type",
                        "TemplateProcessing",
                        "single",
                        List.of(Map.of("SpecialToken", Map.of("id", "<s>")), Map.of("Sequence", Map.of("id", "A"))),
                        "special_tokens",
                        Map.of("<s>", Map.of("ids", List.of(1)))),
                "model",
                Map.of(
                        "type",
                        "BPE",
                        "unk_token",
                        "<unk>",
                        "fuse_unk",
                        true,
                        "byte_fallback",
                        true,
                        "vocab",
                        vocab,
                        "merges",
                        merges.values().stream().flatMap(List::stream).toList()));
    }

    private static Map<String, Object> model(Map<String, Object> json) {
        Map<String, Object> model = new HashMap<>();
        ((Map<?, ?>) json.get("model")).forEach((key, value) -> model.put((String) key, value));
        return model;
    }

    private static Map<String, Object> added(int id, String text) {
        return Map.of("id", id, "content", text, "special", true, "normalized", false);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldTellMergesOfCharactersAsScores(boolean prefix) throws IOException {
        Metadata own = read(llama2(prefix));
        Metadata told = PeerTokenizer.told(own);
        assertThat(told.text("tokenizer.ggml.model")).isEqualTo("llama");
        assertThat(told.flag("tokenizer.ggml.add_space_prefix", !prefix)).isEqualTo(prefix);
        assertThat(told.flag("tokenizer.ggml.add_bos_token", false)).isTrue();
        assertThat(told.values()).containsEntry("tokenizer.ggml.bos_token_id", 1L);
        Tokenizer wanted = Tokenizers.from(own);
        for (boolean parseSpecial : new boolean[] {false, true}) {
            assertThat(differing(wanted, Tokenizers.from(told), parseSpecial)).isEmpty();
            assertThat(differing(wanted, Tokenizers.from(withoutPipeline(told)), parseSpecial))
                    .isEmpty();
        }
    }

    /** One merge out of its place, or one that is missing, and scores cannot say what the list does. */
    @Test
    void shouldNotTellAsScoresWhatTheyCannotSay() throws IOException {
        Map<String, Object> json = llama2(true);
        Map<String, Object> model = model(json);
        List<String> merges = new ArrayList<>(
                ((List<?>) model.get("merges")).stream().map(String.class::cast).toList());
        for (int change = 0; change < 2; change++) {
            List<String> changed = new ArrayList<>(merges);
            if (change == 0) changed.remove(merges.size() - 1);
            else changed.add(0, changed.remove(merges.indexOf("\u2581th e")));
            model.put("merges", changed);
            Map<String, Object> all = new HashMap<>(json);
            all.put("model", model);
            assertThat(PeerTokenizer.told(read(all)).text("tokenizer.ggml.model"))
                    .isEqualTo("pipeline");
        }
    }
}
