// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.model.load.MalformedModelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JudgementTest {
    private static Judgement parse(String text) {
        return Judgement.parse(text.getBytes(StandardCharsets.UTF_8), "m.kv.json");
    }

    @Test
    void shouldReadWhatItWrites() {
        List<JudgedRow> rows = new ArrayList<>(SomeRows.rows(SomeRows.FOUR, 0.9871234));
        rows.add(SomeRows.row(SomeRows.TWO, "needle", "turn-2", Double.NaN));
        Judgement judgement = new Judgement("0123", "a \"strange\" näme.gguf", rows);
        Judgement read = parse(judgement.text());
        assertThat(read).isEqualTo(judgement);
        assertThat(judgement.text().lines().filter(line -> line.startsWith("{\"recipe\"")))
                .as("a row a line")
                .hasSize(4);
        assertThat(parse(new Judgement("0123", "empty", List.of()).text()).rows())
                .isEmpty();
    }

    @Test
    void shouldBelieveTheLaterOfTwoRowsThatAnswerTheSame() {
        Judgement judgement = SomeRows.judgement("0123", SomeRows.FOUR, 0.9, SomeRows.TWO, 0.5);
        Judgement later = judgement.with(List.of(SomeRows.row(SomeRows.FOUR, "needle", "turn-2", 0.7)));
        assertThat(later.rows()).hasSize(6);
        assertThat(later.rows().getLast().quality()).isEqualTo(0.7);
        assertThat(later.rows())
                .filteredOn(r -> r.recipe().equals(SomeRows.FOUR))
                .extracting(JudgedRow::quality)
                .containsExactly(0.999, 1.02, 0.7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"quality\":0.93 | \"quality\":NaN        | not sound JSON",
                "\"quality\":0.93 | \"quality\":\"NaN\"    | row 3 cannot be used: quality=\"NaN\", allowed: a number"
                        + " from 0, or null",
                "\"quality\":0.93 | \"quality\":-1         | row 3 cannot be used: quality=-1, allowed",
                "\"quality\":0.93 | \"quality\":1e999 | row 3 cannot be used: quality=\"Infinity\"",
                "\"quality\":0.93 | \"other\":0.9          | row 3 cannot be used: quality=nothing, allowed",
                "\"context\":256  | \"context\":0          | row 1 cannot be used: context=0, allowed: a whole number"
                        + " from 1",
                "\"context\":256  | \"context\":1e9        | row 1 cannot be used: context=1.0E9, allowed: a whole"
                        + " number",
                "\"items\":50     | \"items\":99999999999  | row 1 cannot be used: items=99999999999, allowed",
                "\"task\":        | \"task\":7,\"x\":      | row 1 cannot be used: task must be a string",
                "\"version\": 1   | \"version\": 2         | version=2, allowed: 1",
                "\"model\": \"ab\" | \"model\": null        | model must be a string",
                "\"rows\": [      | \"rows\": 3, \"x\": [  | rows must be a list",
                "\"name\":        | \"version\": 1, \"name\": | names a property twice",
            })
    void shouldSayWhereAFileIsNotSound(String was, String is, String told) {
        String sound = SomeRows.judgement("ab", SomeRows.FOUR, 0.93).text();
        assertThat(sound).contains(was);
        assertThatThrownBy(() -> parse(sound.replace(was, is)))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("in m.kv.json")
                .hasMessageContaining(told);
    }

    @Test
    void shouldRefuseWhatIsTooLargeOrNoObject() {
        assertThatThrownBy(() -> Judgement.parse(new byte[Judgement.MOST_BYTES + 1], "m.kv.json"))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("allowed: at most " + Judgement.MOST_BYTES);
        for (String text : List.of("", "[]", "7", "null", "{", "{}{}", "[".repeat(5000), "{\"version\":1}")) {
            assertThatThrownBy(() -> parse(text)).as(text).isInstanceOf(MalformedModelException.class);
        }
        String row = SomeRows.judgement("ab", SomeRows.FOUR, 0.93).text();
        assertThatThrownBy(() -> parse(row.replace(SomeRows.FOUR, "k".repeat(2000))))
                .hasMessageContaining("recipe must be a string of at most 1000 characters");
    }

    @Test
    void shouldReadOrRefuseWhateverBytesAreDamaged() {
        byte[] sound = SomeRows.judgement("ab", SomeRows.FOUR, 0.9, SomeRows.WINDOW, 0.5)
                .text()
                .getBytes(StandardCharsets.UTF_8);
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            byte[] damaged = sound.clone();
            for (int n = random.nextInt(3); n >= 0; n--)
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            try {
                for (JudgedRecipe judged :
                        JudgedRecipes.of(Judgement.parse(damaged, "m")).judged()) {
                    assertThat(judged.quality()).isBetween(0.0, 1.0);
                }
            } catch (MalformedModelException e) {
                assertThat(e).hasMessageContaining("cannot be used");
            }
        }
    }
}
