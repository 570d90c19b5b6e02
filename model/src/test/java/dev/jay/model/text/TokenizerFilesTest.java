// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.model.load.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files beside a model's weights: what is read of them, what is refused, and that nothing they say does harm. */
class TokenizerFilesTest {
    @TempDir
    Path directory;

    private Tokenizer json(String text) throws IOException {
        Files.writeString(directory.resolve("tokenizer.json"), text);
        return Tokenizers.ofDirectory(directory);
    }

    private static String pieces(Tokenizer t, int[] tokens) {
        return String.join("|", Arrays.stream(tokens).mapToObj(t::piece).toList());
    }

    private static String pieces(Tokenizer t, String text) {
        return pieces(t, t.encode(text, false, true));
    }

    @Test
    void shouldFindAddedTokensAsTheirFlagsSay() throws IOException {
        Tokenizer t = json(SmallFiles.BYTE_PAIRS);
        assertThat(pieces(t, "he </s>  he")).as("takes the space behind").isEqualTo("he|\u0120|</s>|he");
        assertThat(pieces(t, "he <tool> he")).as("takes the space in front").isEqualTo("he|<tool>|\u0120|he");
        assertThat(pieces(t, "wort-wort")).isEqualTo("wort|wort");
        assertThat(pieces(t, "hewort")).as("a word goes on").isEqualTo("he");
        assertThat(pieces(t, t.encode("</s>h", false, false)))
                .as("spelt by a user")
                .isEqualTo("h");
        assertThat(pieces(t, t.encode("h", true, true))).isEqualTo("</s>|h");
        assertThat(t.decode(t.encode(" he", true, true))).isEqualTo(" he");
    }

    @Test
    void shouldFallBackOnBytesAndFuseWhatIsUnknown() throws IOException {
        Tokenizer t = json(SmallFiles.CHARACTERS);
        assertThat(pieces(t, "he heA")).isEqualTo("\u2581he|\u2581he|<0x41>");
        assertThat(pieces(t, "hexyzh")).isEqualTo("\u2581he|<unk>|h");
        assertThat(t.decode(t.encode("he heA", false, true))).isEqualTo("he heA");
    }

    @Test
    void shouldGiveUpAWordThatCannotBeWrittenOrIsTooLong() throws IOException {
        Tokenizer t = json(SmallFiles.WORDS);
        assertThat(pieces(t, "There! THE thx")).isEqualTo("the|##re|!|the|<unk>");
        assertThat(pieces(t, "t" + "h".repeat(19))).startsWith("t|##h|##h").hasSize(1 + 19 * 4);
        assertThat(pieces(t, "t" + "h".repeat(20))).isEqualTo("<unk>");
        assertThat(t.decode(t.encode("there the!", true, true))).isEqualTo("there the!");
    }

    @Test
    void shouldTakeTheBestOfAllWaysToWriteAPiece() throws IOException {
        Tokenizer t = json(SmallFiles.UNIGRAM);
        assertThat(pieces(t, "  hehe  ")).as("-3 and -3.25 beat -1.5 and -7").isEqualTo("\u2581he|he");
        assertThat(pieces(t, "\u00c9xxh")).isEqualTo("\u2581|e|<unk>|h");
    }

    @ParameterizedTest
    @CsvSource({"1, ▁|he|▁|the|<0xC3>|<0xA9>", "2, ▁he|▁|the|<0xC3>|<0xA9>"})
    void shouldReadSentencePiecesOwnFile(int modelType, String expected) throws IOException {
        Files.write(directory.resolve("tokenizer.model"), SmallFiles.pieces(modelType));
        Tokenizer t = Tokenizers.ofDirectory(directory);
        assertThat(pieces(t, "he the\u00e9")).isEqualTo(expected);
        assertThat(t.decode(t.encode("he  the", true, true))).isEqualTo("he  the");
        assertThat(t.bos()).isEqualTo(1);
    }

    @Test
    void shouldRefuseRanksOfAVocabularyItDoesNotKnow() throws IOException {
        Files.writeString(directory.resolve("tokenizer.model"), "IQ== 0\nIg== 1\n");
        assertThatThrownBy(() -> Tokenizers.ofDirectory(directory))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("ranks=2");
    }

    @Test
    void shouldSayWhatItLookedFor() {
        assertThat(TokenizerFiles.areIn(directory)).isFalse();
        assertThatThrownBy(() -> Tokenizers.ofDirectory(directory))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("tokenizer.json")
                .hasMessageContaining("tokenizer.model");
    }

    @Test
    void shouldReadWhatStandsBesideTheTokenizer() throws IOException {
        Files.writeString(directory.resolve("tokenizer.json"), SmallFiles.WORDS);
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"bos_token\": {\"content\": \"the\"}, \"eos_token\": \"</s>\", \"chat_template\": [{\"name\":"
                        + " \"tool_use\", \"template\": \"A\"}, {\"name\": \"default\", \"template\": \"B\"}]}");
        Files.writeString(directory.resolve("generation_config.json"), "{\"eos_token_id\": [1, 4]}");
        Metadata metadata = new Metadata(TokenizerFiles.read(directory));
        assertThat(metadata.text("tokenizer.chat_template")).isEqualTo("B");
        Tokenizer t = Tokenizers.from(metadata);
        assertThat(t.bos()).isEqualTo(4);
        assertThat(t.eos()).isEqualTo(1);
        assertThat(t.endOfGeneration()).containsExactlyInAnyOrder(1, 4);
        Files.writeString(directory.resolve("chat_template.jinja"), "C");
        assertThat(TokenizerFiles.read(directory)).containsEntry("tokenizer.chat_template", "C");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "\"BertPreTokenizer\" @ \"UnicodeScripts\" @ pre_tokenizer is of a type that is not supported",
                "\"BertNormalizer\" @ \"Magic\" @ normalizer is of a type that is not supported",
                "\"WordPiece\", \"unk @ \"WordLevel\", \"unk @ model is of a type that is not supported",
                "\"##re\": 5 @ \"##re\": 50000000 @ a token's id is 50000000",
                "\"##re\": 5 @ \"##re\": -5 @ a token's id is -5",
                "\"##re\": 5 @ \"##re\": \"x\" @ a token's id is VALUE_STRING",
                "[\"</s>\", 1] @ [\"</s>\", 99] @ is no token's id",
                "\"content\": \"<tool>\" @ \"contend\": \"<tool>\" @ lacks its id or content",
                "\"unk_token\": \"<unk>\" @ \"unk_token\": \"<none>\" @ has no unknown token",
                "{\"type\": \"BertPreTokenizer\"} @ {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a\"},"
                        + " \"behavior\": \"Isolated\"} @ '(' without ')'",
                "{\"type\": \"BertPreTokenizer\"} @ {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(a)\\\\1\"},"
                        + " \"behavior\": \"Isolated\"} @ an escape that is not supported",
                "{\"type\": \"BertPreTokenizer\"} @ [1] @ lacks the text 'type'",
                "\"vocab\": { @ \"vocab\": 7, \"x\": { @ model.vocab is VALUE_NUMBER_INT",
                "} @ ] @ not a tokenizer.json",
            })
    void shouldRefuse(String from, String to, String message) {
        String wrong = SmallFiles.WORDS.replaceFirst(Pattern.quote(from.strip()), Matcher.quoteReplacement(to.strip()));
        assertThat(wrong).isNotEqualTo(SmallFiles.WORDS);
        assertThatThrownBy(() -> json(wrong))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(message.strip());
    }

    @Test
    void shouldRefuseMergesOfNoTokensAndAtRandom() {
        assertThatThrownBy(() -> json(SmallFiles.CHARACTERS.replace("\"h e\"", "\"h x\"")))
                .hasMessageContaining("texts that are no tokens");
        assertThatThrownBy(() -> json(SmallFiles.CHARACTERS.replace("\"fuse_unk\"", "\"dropout\": 0.1, \"fuse_unk\"")))
                .hasMessageContaining("dropout=0.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a", "h", "he", " ", "\n", "1", "!", "\u00e9", "x", "<", "<tool>", "</s>", " <tool>", "\u4f60",
                "e\u0301"
            })
    void shouldBeNearLinear(String unit) throws IOException {
        String text = unit.repeat(200_000 / unit.length());
        List<Tokenizer> all = new ArrayList<>();
        for (String file : SmallFiles.JSON) all.add(json(file));
        Files.delete(directory.resolve("tokenizer.json"));
        for (int type : new int[] {1, 2}) {
            Files.write(directory.resolve("tokenizer.model"), SmallFiles.pieces(type));
            all.add(Tokenizers.ofDirectory(directory));
        }
        for (int i = 0; i < all.size(); i++) {
            Tokenizer t = all.get(i);
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> t.encode(text, true, true), "file " + i);
        }
    }

    /** Sixty steps that double each letter would make a gigabyte of three bytes. */
    @Test
    void shouldNotLetATextGrowBeyondMeasure() throws IOException {
        String doubling = "{\"type\": \"Replace\", \"pattern\": {\"String\": \"h\"}, \"content\": \"hh\"}";
        String many = String.join(", ", Collections.nCopies(60, doubling));
        Tokenizer t = json(SmallFiles.UNIGRAM.replace("{\"type\": \"Nmt\"}", many));
        assertThatThrownBy(() -> t.encode("hhh", false, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("longer than it may");
        String longer = doubling.replace("\"hh\"", "\"" + "h".repeat(1000) + "\"");
        Tokenizer once = json(SmallFiles.UNIGRAM.replace("{\"type\": \"Nmt\"}", longer));
        assertThatThrownBy(() -> once.encode("h".repeat(1000), false, false))
                .hasMessageContaining("longer than it may");
        assertThatThrownBy(() ->
                        json(SmallFiles.UNIGRAM.replace("{\"type\": \"Nmt\"}", longer.replace("hhhh", "hhhhhhhh"))))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("replaces by a text of 2000 characters");
        assertThatThrownBy(() -> json(SmallFiles.CHARACTERS.replace("\"\u2581\"}", "\"" + "x".repeat(17) + "\"}")))
                .hasMessageContaining("prepends a text of 17 characters");
        assertThatThrownBy(() -> json(SmallFiles.WORDS.replace("_word\": 20", "_word\": 100000")))
                .hasMessageContaining("max_input_chars_per_word=100000");
    }

    /** An expression that takes for ever ends with an error, the text's length whatever it is. */
    @Test
    void shouldNotHangOnACatastrophicExpression() throws IOException {
        Tokenizer t = json(SmallFiles.BYTE_PAIRS.replace("\\\\p{L}+|", "(\\\\p{L}+)+x|"));
        assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
            assertThatThrownBy(() -> t.encode("h".repeat(100_000), false, false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("than a text of 100000 bytes may");
        });
    }
}
