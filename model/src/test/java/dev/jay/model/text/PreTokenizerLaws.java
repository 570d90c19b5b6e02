// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.jay.model.text.regex.Regex;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every pre-tokenizer, and each against the expression that defines it. */
class PreTokenizerLaws {
    private static final String GPT_2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^S\\p{L}\\p{N}]+|[S]+(?![^S])|[S]+";
    private static final String LLAMA_3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
            + "| ?[^S\\p{L}\\p{N}]+[\\r\\n]*|[S]*[\\r\\n]+|[S]+(?![^S])|[S]+";

    static Iterable<String> names() {
        return SmallTokenizers.pres();
    }

    private static List<String> pieces(PreTokenizer splitter, String text) {
        byte[] bytes = Utf8.of(text);
        List<String> pieces = new ArrayList<>();
        int[] at = {0};
        splitter.cut(bytes, 0, bytes.length, end -> {
            assertThat(end).isGreaterThan(at[0]).isLessThanOrEqualTo(bytes.length);
            pieces.add(new String(bytes, at[0], end - at[0], StandardCharsets.UTF_8));
            at[0] = end;
        });
        return pieces;
    }

    private static List<String> matches(String expression, String text) {
        // Java's \s is not Unicode's without a flag that also changes other classes.
        Pattern pattern = Pattern.compile(expression.replace("S", "\\p{IsWhite_Space}"), Pattern.UNICODE_CASE);
        List<String> matches = new ArrayList<>();
        for (Matcher m = pattern.matcher(text); m.find(); ) matches.add(m.group());
        return matches;
    }

    @ParameterizedTest
    @CsvSource({
        "tiny_aya, '\\d{1,3}(?=(?:\\d{3})*\\b)', true",
        "superbpe, '(?=(\\d{3})+(?!\\d))', false",
    })
    void shouldCutThousandsAsTheExpressionDoes(String name, String expression, boolean byEdge) {
        Splitting.Pattern slow = new Expressions.Searched(Regex.compile(expression));
        PreTokenizer expected = new Cascade(List.of(slow), false, false);
        PreTokenizer fast = new Cascade(List.of(new Thousands(byEdge)), false, false);
        Random random = new Random(6);
        for (int i = 0; i < 3_000; i++) {
            StringBuilder text = new StringBuilder("x");
            for (int n = random.nextInt(12); n > 0; n--) text.append("1234567890 a½٣,_".charAt(random.nextInt(16)));
            assertThat(pieces(fast, text.toString()))
                    .as("%s %s", name, text)
                    .isEqualTo(pieces(expected, text.toString()));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "llama-bpe", "qwen2"})
    void shouldCutAsItsExpressionDoes(String name) {
        String expression =
                name.equals("gpt-2") ? GPT_2 : name.equals("qwen2") ? LLAMA_3.replace("{1,3}", "") : LLAMA_3;
        PreTokenizer splitter = PreTokenizers.ALL.make(name);
        Random random = new Random(4);
        for (int i = 0; i < 5_000; i++) {
            String text = SmallTokenizers.text(random);
            assertThat(pieces(splitter, text)).as(text).isEqualTo(matches(expression, text));
        }
    }

    @Test
    void shouldKnowTheClassOfEveryCharacter() {
        Matcher letter = Pattern.compile("\\p{L}").matcher("");
        Matcher number = Pattern.compile("\\p{N}").matcher("");
        Matcher space = Pattern.compile("\\p{IsWhite_Space}").matcher("");
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c >= 0xD800 && c < 0xE000) continue;
            String text = Character.toString(c);
            byte[] bytes = Utf8.of(text);
            int read = Utf8.at(bytes, 0);
            boolean right = read == c
                    && Utf8.length(bytes[0]) == bytes.length
                    && Utf8.isLetter(read) == letter.reset(text).matches()
                    && Utf8.isNumber(read) == number.reset(text).matches()
                    && Utf8.isSpace(read) == space.reset(text).matches();
            if (!right) throw new AssertionError("U+%04X".formatted(c));
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void shouldLoseNothing(String name) {
        PreTokenizer splitter = PreTokenizers.ALL.make(name);
        Random random = new Random(5);
        for (int i = 0; i < 500; i++) {
            String text = SmallTokenizers.text(random);
            assertThat(String.join("", pieces(splitter, text))).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void shouldBeLinear(String name) {
        PreTokenizer splitter = PreTokenizers.ALL.make(name);
        for (String unit :
                List.of("a", " ", "\n", " \n", "\t", "'", "1", "!", "é", "🦙", " a", "a ", "\r", "!\n", "\u00a0 ")) {
            byte[] text = Utf8.of(unit.repeat(100_000 / unit.length()));
            assertTimeoutPreemptively(
                    Duration.ofSeconds(2), () -> splitter.cut(text, 0, text.length, end -> {}), "unit '" + unit + "'");
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt-2, 12345| 67", "llama-bpe, 123|45| |67", "qwen2, 1|2|3|4|5| |6|7"})
    void shouldCutNumbersAsTheFamilyDoes(String name, String pieces) {

        assertThat(String.join("|", pieces(PreTokenizers.ALL.make(name), "12345 67")))
                .isEqualTo(pieces);
    }

    @Test
    void shouldCutQwen2Text() {
        PreTokenizer qwen2 = PreTokenizers.ALL.make("qwen2");
        assertThat(pieces(qwen2, "I'M 24, they'll\tgo.\n\n  Café's 3½ -- ok?\r\n x  "))
                .containsExactly(
                        "I", "'M", " ", "2", "4", ",", " they", "'ll", "\tgo", ".\n\n", " ", " Café", "'s", " ", "3",
                        "½", " --", " ok", "?\r\n", " x", "  ");
        assertThat(pieces(qwen2, "\n \n  a")).containsExactly("\n \n", " ", " a");
        assertThat(pieces(qwen2, "   1")).containsExactly("  ", " ", "1");
    }

    @Test
    void shouldNotLookBehindTheEnd() {
        byte[] text = Utf8.of("a  b");
        for (String name : names()) {
            List<Integer> ends = new ArrayList<>();
            PreTokenizers.ALL.make(name).cut(text, 1, 3, ends::add);
            assertThat(ends.getLast()).as(name).isEqualTo(3);
        }
    }
}
