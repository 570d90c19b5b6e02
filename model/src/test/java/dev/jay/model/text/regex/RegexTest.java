// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RegexTest {
    /** What is found, and what lies between. */
    static List<String> pieces(Regex regex, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        Search search = regex.over(utf8, 0, utf8.length);
        List<String> pieces = new ArrayList<>();
        int open = 0;
        for (int at = 0; search.find(at); ) {
            add(pieces, utf8, open, search.start());
            add(pieces, utf8, search.start(), search.end());
            open = search.end();
            at = search.end() > search.start() ? open : next(utf8, open);
        }
        add(pieces, utf8, open, utf8.length);
        return pieces;
    }

    private static int next(byte[] utf8, int at) {
        int next = at + 1;
        while (next < utf8.length && (utf8[next] & 0xC0) == 0x80) next++;
        return next;
    }

    private static void add(List<String> pieces, byte[] utf8, int from, int to) {
        if (from < to) pieces.add(new String(utf8, from, to - from, StandardCharsets.UTF_8));
    }

    @TestFactory
    Stream<DynamicTest> shouldCutAsOnigurumaDoes() throws IOException {
        JsonMapper json = new JsonMapper();
        List<DynamicTest> tests = new ArrayList<>();
        try (InputStream in = RegexTest.class.getResourceAsStream("pieces.jsonl")) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .toList()) {
                JsonNode one = json.readTree(line);
                String pattern = one.get("pattern").stringValue();
                tests.add(DynamicTest.dynamicTest(pattern, () -> {
                    Regex regex = Regex.compile(pattern);
                    for (JsonNode texts : one.get("cases")) {
                        List<String> expected = new ArrayList<>();
                        for (JsonNode text : texts) expected.add(text.stringValue());
                        String text = expected.removeFirst();
                        assertThat(pieces(regex, text)).as("'%s'", text).isEqualTo(expected);
                    }
                }));
            }
        }
        assertThat(tests).hasSizeGreaterThan(30);
        return tests.stream();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            quoteCharacter = '`',
            value = {
                "a(b @ '(' without ')'",
                "a)b @ ')' without '('",
                "[a @ '[' without ']'",
                "*a @ nothing before '*'",
                "a{1,2 @ '{' that is no repetition",
                "a{5,2} @ a repetition whose end is before its beginning",
                "a{1001} @ more repetitions than 1000",
                "(a)\\1 @ an escape that is not supported",
                "\\k<n> @ an escape that is not supported",
                "\\p{Klingon} @ a property of characters that is not supported",
                "\\pL @ '\\p' without '{...}'",
                "(?(1)a|b) @ a kind of group that is not supported",
                "(?x:a) @ a kind of group that is not supported",
                "(?<=a+)b @ looking behind for what has no fixed length",
                "[z-a] @ a range whose end is before its beginning",
                "\\x{110000} @ no character",
                "((ab){100}){101} @ longer than 20000 instructions",
                "a\\ @ '\\' at the end",
                "\\R @ an escape that is not supported",
            })
    void shouldRefuseWhatItWouldNotHonour(String pattern, String message) {
        assertThatThrownBy(() -> Regex.compile(pattern.strip()))
                .isInstanceOf(RegexException.class)
                .hasMessageContaining(message.strip());
    }

    @Test
    void shouldRefuseWhatIsNestedOrLongBeyondMeasure() {
        for (String pattern : List.of(
                "(".repeat(5000),
                "[".repeat(5000),
                "a" + "*".repeat(5000),
                "a".repeat(20_000),
                "(?i:".repeat(3000),
                "(?=".repeat(3000) + ")".repeat(3000))) {
            assertThatThrownBy(() -> Regex.compile(pattern)).isInstanceOf(RegexException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a+)+b",
                "(a*)*b",
                "(a|a)*b",
                "(a|aa)+b",
                "(.*)*(.*)*(.*)*b",
                "(?:a?){30}a{30}b",
                "(?=(a+)+b)a",
                "(?>(a|aa)+b)",
                "(a{1,30}){1,30}b",
                "((a|b|ab)*?)*?c",
                "a*a*a*a*a*a*b",
                "(?<!(?=(a+)+b)a)a",
            })
    void shouldEndSoonWhateverTheExpression(String pattern) {
        Regex regex = Regex.compile(pattern);
        for (int length : new int[] {30, 1000, 100_000}) {
            byte[] text = "a".repeat(length).getBytes(StandardCharsets.UTF_8);
            assertTimeoutPreemptively(Duration.ofSeconds(10), () -> {
                try {
                    Search search = regex.over(text, 0, text.length);
                    for (int at = 0; at <= text.length && search.find(at); at = Math.max(at + 1, search.end())) {}
                } catch (IllegalArgumentException expected) {
                    assertThat(expected).hasMessageContaining("than a text of " + length + " bytes may");
                }
            });
        }
    }

    @Test
    void shouldSurviveAnyExpression() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] parts = {
            "a", "b", "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "[", "]", "[^", "-", "|", "*", "+",
            "?", "++", "{2}", "{1,3}", "{,2}", "\\s", "\\S", "\\p{L}", "\\P{N}", ".", "^", "$", "\\b", "&&", "é", "\\n",
            " "
        };
        int compiled = 0;
        byte[] text = "ab aab\nbé a[]- abba".getBytes(StandardCharsets.UTF_8);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder pattern = new StringBuilder();
            for (int n = random.nextInt(12); n >= 0; n--) pattern.append(parts[random.nextInt(parts.length)]);
            try {
                Search search = Regex.compile(pattern.toString()).over(text, 0, text.length);
                compiled++;
                for (int at = 0; search.find(at); at = next(text, Math.max(at, search.end()))) {
                    assertThat(search.start()).isBetween(at, search.end());
                    assertThat(search.end()).isLessThanOrEqualTo(text.length);
                }
            } catch (RegexException | IllegalArgumentException expected) {
                assertThat(expected.getMessage()).contains("regular expression");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed=" + seed + " pattern=" + pattern, e);
            }
        }
        assertThat(compiled).as("seed=%s", seed).isGreaterThan(1000);
    }
}
