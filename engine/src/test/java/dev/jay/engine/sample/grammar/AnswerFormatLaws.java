// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.engine.chat.AnswerDelta;
import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.AnswerReader;
import dev.jay.engine.chat.CallSyntaxes;
import dev.jay.engine.chat.CallText;
import dev.jay.engine.chat.ReasoningMarks;
import dev.jay.engine.chat.ToolCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Of every family: what it may write is what its calls look like, and comes apart again however it is cut. */
class AnswerFormatLaws {
    private static final ReasoningMarks THINK = new ReasoningMarks("<think>", "</think>");
    private static final Map<String, String> SCHEMAS = new LinkedHashMap<>(Map.of(
            "weather",
            "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"}},"
                    + "\"required\":[\"city\"]}"));
    private static final ToolCall ONE = new ToolCall("", "weather", "{\"city\": \"a}\\\"]{\", \"days\": 3}");
    private static final ToolCall TWO = new ToolCall("", "other.tool", "{}");

    static {
        SCHEMAS.put("other.tool", "{\"type\":\"object\",\"properties\":{}}");
    }

    static Stream<String> syntaxes() {
        return CallSyntaxes.ALL.names().stream();
    }

    private static CallText text(String syntax) {
        return CallSyntaxes.ALL.make(syntax).text();
    }

    private record Said(String reasoning, String content, List<ToolCall> calls) {}

    /** Read in pieces of random lengths. */
    private static Said read(AnswerFormat format, String text, Random random) {
        AnswerReader reader = format.reader(() -> "");
        StringBuilder reasoning = new StringBuilder();
        StringBuilder content = new StringBuilder();
        List<String> names = new ArrayList<>();
        List<StringBuilder> arguments = new ArrayList<>();
        for (int at = 0; at <= text.length(); ) {
            boolean end = at == text.length();
            int to = Math.min(text.length(), at + 1 + random.nextInt(12));
            AnswerDelta delta = end ? reader.finish() : reader.next(text.substring(at, to));
            at = end ? at + 1 : to;
            reasoning.append(delta.reasoning());
            content.append(delta.content());
            for (AnswerDelta.Call call : delta.calls()) {
                if (call.name() != null) {
                    assertThat(call.index()).isEqualTo(names.size());
                    names.add(call.name());
                    arguments.add(new StringBuilder());
                }
                arguments.get(call.index()).append(call.arguments());
            }
        }
        assertThat(reader.calls()).isEqualTo(names.size());
        List<ToolCall> calls = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            calls.add(new ToolCall("", names.get(i), arguments.get(i).toString()));
        }
        return new Said(reasoning.toString(), content.toString(), calls);
    }

    @ParameterizedTest
    @MethodSource("syntaxes")
    void callsShouldBeAllowedAndComeApart(String syntax) {
        CallText text = text(syntax);
        boolean whole = text.open().isEmpty() && text.before().startsWith("{");
        Random random = new Random(1);
        for (boolean several : new boolean[] {false, true}) {
            if (several && text.between() == null) continue;
            List<ToolCall> calls = several ? List.of(ONE, TWO, ONE) : List.of(ONE);
            for (boolean thinks : new boolean[] {false, true}) {
                String content = whole ? "" : "Let me see <tool\nAction";
                String said = (thinks ? "<think>\nhm < </thin {\n</think>\n\n" : "")
                        + content
                        + (whole ? "" : "\n")
                        + text.write(calls);
                AnswerFormat format = new AnswerFormat(thinks ? THINK : null, false, text);
                Grammar may = format.grammar(SCHEMAS, false, true, Optional.empty());
                assertThat(Texts.allows(may, said)).as("%s", said).isTrue();
                for (int i = 0; i < 50; i++) {
                    assertThat(read(format, said, random))
                            .isEqualTo(new Said(thinks ? "hm < </thin {" : "", content, calls));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("syntaxes")
    void onlyCallsShouldBeAllowedWhereOneMustCome(String syntax) {
        CallText text = text(syntax);
        AnswerFormat format = new AnswerFormat(null, false, text);
        Grammar must = format.grammar(SCHEMAS, true, false, Optional.empty());
        assertThat(Texts.allows(must, text.write(List.of(ONE)))).isTrue();
        assertThat(Texts.allows(must, "no " + text.write(List.of(ONE)))).isFalse();
        assertThat(Texts.allows(must, text.write(List.of(ONE, TWO)))).isFalse();
        assertThat(Texts.allows(must, text.write(List.of(new ToolCall("", "weather", "{}")))))
                .isFalse();
        assertThat(Texts.allows(must, text.write(List.of(new ToolCall("", "nobody", "{}")))))
                .isFalse();
        Grammar may = format.grammar(SCHEMAS, false, false, Optional.empty());
        assertThat(Texts.allows(may, "It is sunny, and <b>warm</b>.")).isTrue();
        assertThat(Texts.allows(may, "")).isTrue();
        GrammarMasks masks = new GrammarMasks(must, Texts.TRIE, 1 << 20);
        Random random = new Random(2);
        int calls = 0;
        for (int i = 0; i < 10; i++) {
            Optional<String> made = Texts.made(masks, must, random, i == 0);
            if (made.isPresent())
                calls += read(format, made.get(), random).calls().size();
        }
        assertThat(calls).isPositive();
    }

    @Test
    void textShouldComeApartFromThinkingWhoeverBeganIt() {
        Random random = new Random(3);
        AnswerFormat begun = new AnswerFormat(THINK, true, null);
        AnswerFormat free = new AnswerFormat(THINK, false, null);
        for (int i = 0; i < 100; i++) {
            assertThat(read(begun, "a < b\n</think>\n\nYes.\n", random))
                    .isEqualTo(new Said("a < b", "Yes.\n", List.of()));
            assertThat(read(free, "\n<think>\na</think>Yes.", random)).isEqualTo(new Said("a", "Yes.", List.of()));
            assertThat(read(free, "<b>Yes</b> </think>", random))
                    .isEqualTo(new Said("", "<b>Yes</b> </think>", List.of()));
            assertThat(read(begun, "no end", random)).isEqualTo(new Said("no end", "", List.of()));
            assertThat(read(AnswerFormat.TEXT, "<think> a", random)).isEqualTo(new Said("", "<think> a", List.of()));
        }
        Grammar json = free.grammar(Grammar.ofRegex("[0-9]+"));
        assertThat(Texts.allows(json, "12")).isTrue();
        assertThat(Texts.allows(json, "<think>twelve</think>\n\n12")).isTrue();
        assertThat(Texts.allows(json, "twelve</think>12")).isFalse();
        assertThat(Texts.allows(begun.grammar(Grammar.ofRegex("[0-9]+")), "twelve</think>12"))
                .isTrue();
    }

    @Test
    void anAnswerThatIsCutShouldKeepWhatIsCertain() {
        CallText text = text("hermes");
        AnswerFormat format = new AnswerFormat(null, false, text);
        String said = "Hm.\n" + text.write(List.of(ONE));
        Random random = new Random(4);
        for (int cut = 0; cut < said.length(); cut++) {
            Said half = read(format, said.substring(0, cut), random);
            assertThat("Hm.\n" + text.open()).startsWith(half.content().stripTrailing());
            if (!half.calls().isEmpty()) {
                assertThat(ONE.arguments()).startsWith(half.calls().getFirst().arguments());
            }
        }
    }

    @Test
    void controlTokensOfMarksShouldBeRead() {
        AnswerFormat format =
                new AnswerFormat(null, false, new CallText("<call>[", "{\"n\":\"", "\",\"a\":", "}", ",", "]"));
        assertThat(format.writtenTokens(Texts.TOKENIZER)).containsExactly(ByteTokenizer.CONTROL);
        Grammar must = format.grammar(SCHEMAS, true, true, Optional.empty());
        TokenTrie trie = TokenTrie.of(Texts.TOKENIZER, format.writtenTokens(Texts.TOKENIZER));
        Constraint constraint = new Constraint(new GrammarMasks(must, trie, 1 << 20));
        assertThat(constraint.mask().allows(ByteTokenizer.CONTROL)).isTrue();
        constraint.accept(ByteTokenizer.CONTROL);
        assertThat(constraint.mask().allows('[')).isTrue();
        assertThat(constraint.mask().allows(ByteTokenizer.CONTROL)).isFalse();
    }
}
