// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions mean what they mean to the JDK, for searching and for whole texts, and after set operations. */
class RegexLaws {
    private static final String LETTERS = "abc1 \n\u00e9";

    private static String regex(Random random, int depth) {
        String[] atoms = {"a", "b", "c", ".", "[ab]", "\\D", "\\d", "\\w", "\\s", "[a-c1]", "\u00e9", "\\n", "\\W"};
        String[] counts = {"*", "+", "?", "{2}", "{1,2}", "{2,}", "*?", "+?"};
        if (depth == 0) return atoms[random.nextInt(atoms.length)];
        return switch (random.nextInt(7)) {
            case 0 -> regex(random, depth - 1) + regex(random, depth - 1);
            case 1 -> "(" + regex(random, depth - 1) + "|" + regex(random, depth - 1) + ")";
            // no anchors in it: of rounds without text the JDK tries fewer than there are
            case 2 ->
                "(?:" + regex(random, depth - 1).replace("^", "").replace("$", "") + ")"
                        + counts[random.nextInt(counts.length)];
            case 3 -> "^" + regex(random, depth - 1);
            case 4 -> regex(random, depth - 1) + "$";
            case 5 -> "(" + regex(random, depth - 1) + "|^|$)";
            default -> regex(random, depth - 1) + regex(random, depth - 1);
        };
    }

    private static List<String> texts(Random random) {
        List<String> texts = new ArrayList<>(List.of(""));
        for (int i = 0; i < 60; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(7); n >= 0; n--) text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
            texts.add(text.toString());
        }
        return texts;
    }

    @Test
    void shouldAgreeWithTheJdk() {
        Random random = new Random(3);
        for (int i = 0; i < 1500; i++) {
            String regex = regex(random, random.nextInt(4));
            // the JDK's $ also stands before a last line's end, and its dot has more line ends
            Pattern jdk = Pattern.compile(regex.replace("$", "\\z"), Pattern.UNIX_LINES);
            CharDfa search = CharDfa.of(RegexReader.read(regex), true);
            CharDfa whole = CharDfa.of(RegexReader.read(regex), false);
            CharDfa both = search.and(whole.not());
            for (String text : texts(random)) {
                boolean found = jdk.matcher(text).find();
                boolean matches = jdk.matcher(text).matches();
                assertThat(search.allows(text)).as("/%s/ in '%s'", regex, text).isEqualTo(found);
                assertThat(whole.allows(text)).as("/%s/ is '%s'", regex, text).isEqualTo(matches);
                assertThat(both.allows(text))
                        .as("/%s/ in but not '%s'", regex, text)
                        .isEqualTo(found && !matches);
            }
        }
    }

    @Test
    void bytesShouldFollowCharacters() {
        Random random = new Random(4);
        for (int i = 0; i < 200; i++) {
            String regex = regex(random, random.nextInt(4));
            CharDfa whole = CharDfa.of(RegexReader.read(regex), false);
            if (whole.isEmpty()) continue;
            Grammar grammar = Grammar.ofRegex(regex);
            for (String text : texts(random)) {
                assertThat(Texts.allows(grammar, text))
                        .as("/%s/ is '%s'", regex, text)
                        .isEqualTo(whole.allows(text));
            }
            Texts.made(new GrammarMasks(grammar, Texts.TRIE, 1 << 20), grammar, random, true)
                    .ifPresent(made -> assertThat(whole.allows(made))
                            .as("/%s/ made '%s'", regex, made)
                            .isTrue());
        }
    }

    @Test
    void everyCharacterShouldBeReachedByItsBytes() {
        int[] edges = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x10FFFF};
        Random random = new Random(5);
        for (int i = 0; i < 300; i++) {
            int a = edges[random.nextInt(edges.length)];
            int b = random.nextBoolean() ? edges[random.nextInt(edges.length)] : random.nextInt(CodePoints.LAST);
            CodePoints set = CodePoints.of(Math.min(a, b), Math.max(a, b));
            Grammar grammar = Grammar.ofRegex(String.format("[\\u{%x}-\\u{%x}]", Math.min(a, b), Math.max(a, b)));
            for (int n = 0; n < 50; n++) {
                int c = random.nextBoolean() ? edges[random.nextInt(edges.length)] : random.nextInt(CodePoints.LAST);
                if (c >= 0xD800 && c <= 0xDFFF) continue;
                assertThat(Texts.allows(grammar, Character.toString(c))).isEqualTo(set.has(c));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                ")",
                "a)",
                "[a",
                "a**",
                "*a",
                "a{2,1}",
                "a{",
                "a{99999}",
                "\\",
                "\\1",
                "\\k<n>",
                "(?=a)",
                "(?!a)",
                "(?<=a)",
                "(?<!a)",
                "\\b",
                "\\q",
                "\\p{Nonsense}",
                "\\p",
                "\\x1",
                "[b-a]",
                "(?<n",
                "(?i)a",
                "^*",
                "\\u{110000}",
                "\\c"
            })
    void shouldRefuse(String regex) {
        assertThatThrownBy(() -> Grammar.ofRegex(regex))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("regex");
    }

    @Test
    void catastrophicExpressionsShouldTakeAStepACharacter() {
        for (String regex : new String[] {"(a+)+b", "(a|aa)+b", "(a*)*b", "(.*)*(.*)*b", "(a?){30}a{30}"}) {
            CharDfa dfa = CharDfa.of(RegexReader.read(regex), false);
            assertThat(dfa.states()).isLessThan(100);
            assertThat(dfa.allows("a".repeat(1_000_000))).isFalse();
        }
        assertThatThrownBy(() -> Grammar.ofRegex("(a|b)*a(a|b){40}"))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("states");
    }
}
