// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Grammars in llama.cpp's notation. */
class GbnfTest {
    private static final String SUMS = """
        # sums with brackets
        root  ::= sum "\\n"?
        sum   ::= term (("+" | "-") term)*   # of products
        term  ::= number |
                  ("(" sum
                  ")")
        number ::= [0-9]{1,3} ("." [0-9]+)?
        """;

    @Test
    void shouldAllowWhatItsRulesMake() {
        Grammar sums = Grammar.ofGbnf(SUMS);
        for (String text : new String[] {"1", "12+3", "(1-2)+((3))", "1.25-0\n", "((((((1))))))"}) {
            assertThat(Texts.allows(sums, text)).as(text).isTrue();
        }
        for (String text : new String[] {"", "+1", "1+", "(1", "1)", "1234", "1.", "1\n\n", "()"}) {
            assertThat(Texts.allows(sums, text)).as(text).isFalse();
        }
        Random random = new Random(1);
        GrammarMasks masks = new GrammarMasks(sums, Texts.TRIE, 1 << 20);
        for (int i = 0; i < 20; i++) {
            Texts.made(masks, sums, random, true)
                    .ifPresent(text ->
                            assertThat(Texts.allows(sums, text)).as(text).isTrue());
        }
    }

    @Test
    void shouldReadSetsCountsAndEscapes() {
        Grammar g = Grammar.ofGbnf("root ::= [^\\n\\x41-\\x43\\]]{2,} . \"\\u00e9\\\"\" x{0,1} [a\\-z]?\nx ::= \"x\"");
        assertThat(Texts.allows(g, "ab\ud83d\udc26\u00e9\"")).isTrue();
        assertThat(Texts.allows(g, "abcd\u00e9\"x-")).isTrue();
        assertThat(Texts.allows(g, "aBc\u00e9\"")).isFalse();
        assertThat(Texts.allows(g, "abc\u00e9\"xm")).isFalse();
    }

    /** Of the doubtful grammars the number of readings grows without end; the states do not. */
    @Test
    void doubtfulGrammarsShouldStaySmall() {
        String[] doubtful = {
            "root ::= a | b\na ::= \"(\" root \")1\"\nb ::= \"(\" root \")2\" | \"x\"",
            "root ::= (\"a\" | \"aa\" | \"a\"*)* (\"a\" | \"b\")*",
            "root ::= x x x x\nx ::= \"a\" x | \"a\" x x | \"a\"",
            "root ::= (root2 | \"\")* \"c\"\nroot2 ::= \"a\" root2 \"b\" | \"ab\" | \"a\""
        };
        for (String text : doubtful) {
            Grammar grammar = Grammar.ofGbnf(text);
            Automaton automaton = new Automaton(grammar.network(), 64 << 20);
            GrammarState at = automaton.start();
            for (int i = 0; i < 100 && !at.isDead(); i++) {
                at = automaton.next(at, text.contains("\"(\"") ? '(' : 'a');
                assertThat(at.states.length).as(text).isLessThan(500);
            }
            assertThat(at.isDead()).as(text).isFalse();
            assertThat(automaton.heapBytes()).as(text).isLessThan(64 << 20);
        }
    }

    /** What was remembered may be forgotten at any time. */
    @Test
    void tablesShouldStayBounded() {
        Grammar brackets = Grammar.ofGbnf("root ::= (\"[\" root \"]\" | \"{\" root \"}\")*");
        GrammarMasks small = new GrammarMasks(brackets, Texts.TRIE, 20_000);
        Constraint constraint = new Constraint(small);
        Random random = new Random(2);
        StringBuilder open = new StringBuilder();
        for (int i = 0; i < 5000; i++) {
            Texts.check(brackets, constraint.state(), constraint.mask());
            boolean down = open.length() > 0 && (open.length() > 200 || random.nextInt(2) == 0);
            char next = down ? open.charAt(open.length() - 1) : random.nextBoolean() ? '[' : '{';
            if (down) open.setLength(open.length() - 1);
            else open.append(next == '[' ? ']' : '}');
            constraint.accept(next);
            assertThat(small.heapBytes()).isLessThan(200_000);
            if (i % 100 > 0) i += 9;
        }
    }

    @Test
    void shouldGoBackToAnEarlierState() {
        Grammar grammar = Grammar.ofRegex("ab|ac|b");
        Constraint constraint = new Constraint(new GrammarMasks(grammar, Texts.TRIE, 1 << 20));
        GrammarState before = constraint.state();
        constraint.accept('a');
        constraint.accept('b');
        assertThat(constraint.state().mustEnd()).isTrue();
        assertThat(constraint.mask().tokens()).containsExactly(ByteTokenizer.END);
        constraint.restore(before);
        constraint.accept('b');
        assertThat(constraint.state().mustEnd()).isTrue();
        assertThatThrownBy(() -> constraint.accept('b')).hasMessageContaining("not allowed");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "root = \"a\"",
                "start ::= \"a\"",
                "root ::= x",
                "root ::= \"a",
                "root ::= [a",
                "root ::= (\"a\"",
                "root ::= \"a\")",
                "root ::= \"a\"{2,1}",
                "root ::= \"a\"{99999}",
                "root ::= root \"a\" | \"a\"",
                "root ::= a\na ::= b* a \"x\" | \"y\"\nb ::= \"b\"?",
                "root ::= \"a\"\nroot ::= \"b\"",
                "root ::= \"\\q\"",
                "root ::= <think>",
                "root ::= root",
                "root ::= * \"a\""
            })
    void shouldRefuse(String text) {
        assertThatThrownBy(() -> Grammar.ofGbnf(text))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("grammar");
    }
}
