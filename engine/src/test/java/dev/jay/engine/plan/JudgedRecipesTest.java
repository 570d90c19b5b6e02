// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.jay.kv.KvRecipe;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class JudgedRecipesTest {
    private static JudgedRecipes of(List<JudgedRow> rows) {
        return JudgedRecipes.of(new Judgement("ab", "m", rows));
    }

    private static KvRecipe recipe(String text) {
        return KvRecipe.parse(text);
    }

    @Test
    void shouldTakeTheWorstOfAllTasksAndModes() {
        JudgedRecipes known = of(SomeRows.rows(SomeRows.FOUR, 0.93));
        assertThat(known.skipped()).isEmpty();
        assertThat(known.judged()).hasSize(2).first().isEqualTo(JudgedRecipe.FULL);
        JudgedRecipe four = known.judged().getLast();
        assertThat(four.quality()).isEqualTo(0.93);
        assertThat(four.worst()).isEqualTo("needle (turn-2)");
        assertThat(four.context()).isEqualTo(SomeRows.CONTEXT);
        assertThat(four.decodeRatio()).isEqualTo(0.9);

        assertThat(of(SomeRows.rows(SomeRows.FOUR, 1.0)).judged().getLast().worst())
                .as("perplexity counts like any other")
                .isEqualTo("perplexity (text)");
    }

    @Test
    void shouldNotCountWhatF16CouldNotAnswerNorMoreThanOne() {
        List<JudgedRow> rows = new ArrayList<>(SomeRows.rows(SomeRows.FOUR, Double.NaN));
        assertThat(of(rows).judged().getLast().quality()).isEqualTo(0.999);
        rows.set(0, SomeRows.row(SomeRows.FOUR, Judgement.PERPLEXITY, "text", 1.3));
        assertThat(of(rows).judged().getLast().quality()).isEqualTo(1);
    }

    @Test
    void shouldPassOverWhatWasNotJudgedWhole() {
        List<JudgedRow> rows = new ArrayList<>(SomeRows.rows(SomeRows.FOUR, 0.9));
        rows.addAll(SomeRows.rows(SomeRows.TWO, 0.5).subList(0, 2));
        rows.addAll(SomeRows.rows("keys=f17 values=f16", 0.99));
        rows.addAll(SomeRows.rows("keys=f16 values=f16 evict=window(budget=0)", 0.99));
        JudgedRecipes known = of(rows);
        assertThat(known.judged()).hasSize(2);
        assertThat(known.skipped().stream()
                        .collect(Collectors.toMap(JudgedRecipes.Skipped::recipe, JudgedRecipes.Skipped::why)))
                .contains(entry(SomeRows.TWO, "was not asked for [needle (turn-2)] at 256 tokens"))
                .hasEntrySatisfying(
                        "keys=f17 values=f16", why -> assertThat(why).contains("f17"))
                .hasEntrySatisfying(
                        "keys=f16 values=f16 evict=window(budget=0)",
                        why -> assertThat(why).contains("budget=0"));

        List<JudgedRow> noText = SomeRows.rows(SomeRows.FOUR, 0.9).subList(1, 3);
        assertThat(of(noText).skipped().getFirst().why()).contains("without perplexity");
        List<JudgedRow> noAnswers = new ArrayList<>(SomeRows.rows(SomeRows.FOUR, Double.NaN));
        noAnswers.set(1, SomeRows.row(SomeRows.FOUR, "needle", "single", Double.NaN));
        assertThat(of(noAnswers).skipped().getFirst().why()).contains("asked nothing that f16 answers");
    }

    @Test
    void shouldNeedNoJudgementOfF16AndBelieveNoneOfIt() {
        assertThat(of(SomeRows.rows("keys=f16 values=f16", 0.2)).judged()).containsExactly(JudgedRecipe.FULL);
    }

    @Test
    void shouldKeepTheShareOfALongerContextAndNoLessOfAShorterOne() {
        JudgedRecipe window = of(SomeRows.rows(SomeRows.WINDOW, 0.9)).judged().getLast(); // 64 of 256
        assertThat(window.at(1024).eviction().orElseThrow().budget().tokens()).isEqualTo(256);
        assertThat(window.at(257).eviction().orElseThrow().budget().tokens()).isEqualTo(65);
        assertThat(window.at(100)).isEqualTo(window.recipe());
        for (int tokens = 1; tokens < 3000; tokens += 7) {
            int kept = window.at(tokens).eviction().orElseThrow().budget().tokens();
            assertThat((long) kept * SomeRows.CONTEXT).as("share of " + tokens).isGreaterThanOrEqualTo(64L * tokens);
        }
        JudgedRecipe unnamed = of(SomeRows.rows("keys=f16 values=f16 evict=window", 0.9))
                .judged()
                .getLast();
        assertThat(unnamed.at(512).eviction().orElseThrow().budget().tokens()).isEqualTo(512);

        JudgedRecipe pages = of(SomeRows.rows("keys=f16 values=f16 select=best-pages(budget=96,recent=1)", 0.9))
                .judged()
                .getLast();
        assertThat(pages.at(300).selection().orElseThrow().reading().tokens())
                .as("whole units")
                .isEqualTo(128);
        JudgedRecipe four = of(SomeRows.rows(SomeRows.FOUR, 0.9)).judged().getLast();
        assertThat(four.at(100_000)).isEqualTo(recipe(SomeRows.FOUR));
    }

    @Test
    void shouldKnowARecipeByWhatItDoesAndABudgetByItsShare() {
        List<JudgedRow> rows = new ArrayList<>(SomeRows.rows(SomeRows.FOUR, 0.97));
        rows.addAll(SomeRows.rows(SomeRows.WINDOW, 0.6));
        rows.addAll(SomeRows.rows(SomeRows.WINDOW.replace("budget=64", "budget=128"), 0.8));
        JudgedRecipes known = of(rows);
        assertThat(known.of(recipe("values=per-token(bits=4) keys=per-channel(bits=4)"), 4096)
                        .orElseThrow()
                        .quality())
                .isEqualTo(0.97);
        assertThat(known.of(recipe(SomeRows.TWO), 4096)).isEmpty();
        assertThat(known.of(recipe(""), 4096)).as("f32").contains(JudgedRecipe.FULL);
        assertThat(known.of(recipe("keys=bf16 values=bf16"), 4096)).isEmpty();

        assertThat(known.of(window(255), 1024)).as("a smaller share").isEmpty();
        assertThat(known.of(window(256), 1024).orElseThrow().quality()).isEqualTo(0.6);
        assertThat(known.of(window(511), 1024).orElseThrow().quality()).isEqualTo(0.6);
        assertThat(known.of(window(512), 1024).orElseThrow().quality()).isEqualTo(0.8);
        assertThat(known.of(recipe(SomeRows.WINDOW.replace("sinks=4", "sinks=3")), 256))
                .as("another window")
                .isEmpty();
    }

    private static KvRecipe window(int budget) {
        return recipe(SomeRows.WINDOW.replace("budget=64", "budget=" + budget));
    }

    @Test
    void shouldBelieveTheWorseOfTwoJudgementsOfTheSame() {
        List<JudgedRow> rows = new ArrayList<>(SomeRows.rows(SomeRows.FOUR, 0.97));
        for (JudgedRow r : SomeRows.rows(SomeRows.FOUR, 0.91)) {
            rows.add(new JudgedRow(r.recipe(), r.task(), r.mode(), 2048, 50, 59, r.quality(), 1, 1, 1, 1, 1));
        }
        assertThat(of(rows).of(recipe(SomeRows.FOUR), 512).orElseThrow().quality())
                .isEqualTo(0.91);
    }
}
