// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.bench.kv.task.KvTask;
import dev.jay.bench.kv.task.KvTasks;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KvTasksTest {
    private static final int SEEDS = 20;

    static List<String> tasks() {
        return List.copyOf(KvTasks.ALL.names());
    }

    private static Task task(String name, long seed) {
        return KvTasks.ALL.make(name).task(new Words(seed, true), 32, KvMode.QUESTIONS, 12);
    }

    @ParameterizedTest
    @MethodSource("tasks")
    void shouldFollowFromItsSeedAlone(String name) {
        for (long seed = 0; seed < SEEDS; seed++) {
            assertThat(task(name, seed)).isEqualTo(task(name, seed)).isNotEqualTo(task(name, seed + 1));
        }
    }

    /** Every value stands there, and no question says it. */
    @ParameterizedTest
    @MethodSource("tasks")
    void shouldAskForWhatStandsInTheContext(String name) {
        for (long seed = 0; seed < SEEDS; seed++) {
            Task task = task(name, seed);
            assertThat(task.questions()).hasSize(KvMode.QUESTIONS);
            for (Task.Question question : task.questions()) {
                for (String wanted : Script.of(question.answer()).wanted()) {
                    String last = wanted.replaceFirst("^.* (is|in the|is in the) ", "")
                            .replace(".", "");
                    assertThat(task.context()).contains(last);
                    assertThat(question.text()).doesNotContain(wanted);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("tasks")
    void shouldTakeAnyNumberOfFacts(String name) {
        for (int facts = 1; facts < 12; facts++) {
            KvTask task = KvTasks.ALL.make(name);
            assertThat(task.task(new Words(facts, true), facts, 3, 0).questions())
                    .hasSize(3);
        }
    }

    @Test
    void shouldAggregateWhatNoLineSays() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Task task = task("aggregation", seed);
            List<String> lines = task.context().lines().toList();
            for (Task.Question question : task.questions()) {
                String head = question.text().replace('?', '-');
                List<String> values = new ArrayList<>();
                for (String line : lines) if (line.startsWith(head)) values.add(line.substring(head.length()));
                int right = Collections.frequency(values, question.answer());
                assertThat(values.stream().distinct()).hasSizeGreaterThan(1);
                for (String value : values) {
                    if (!value.equals(question.answer())) {
                        assertThat(right).isGreaterThan(Collections.frequency(values, value));
                    }
                }
            }
        }
    }

    @Test
    void shouldShareBeginningsSoThatTheEndDecides() {
        Task task = task("prefix-suffix", 3);
        List<String> firsts = task.context()
                .lines()
                .filter(line -> line.startsWith("- "))
                .map(line -> line.split(" ")[1])
                .toList();
        assertThat(firsts).hasSize(32);
        assertThat(firsts.stream().distinct()).hasSize(24);
    }

    @Test
    void shouldAskSeveralQuestionsOnOneContextAndOneOnEach() {
        assertThat(KvMode.SHARED.questions()).containsExactly(0, 1, 2, 3, 4);
        assertThat(KvMode.SINGLE.questions()).containsExactly(0);
        assertThat(KvMode.FIFTH_TURN.questions()).containsExactly(4);
    }

    @Test
    void shouldTellItsOwnFromWhatIsSaid() {
        Script script = Script.of(" 12\n? b: gosa\n? c: 345");
        assertThat(script.wanted()).containsExactly("12", "gosa", "345");
        assertThat(script.right(" 12\n? b: gosa\n? c: 345\n")).isEqualTo(3);
        assertThat(script.right(" 12\n? b: gofa\n? c: 345")).isEqualTo(2);
        assertThat(script.right(" 12\n? b: gosa")).as("it ended early").isEqualTo(2);
        assertThat(script.right("")).isZero();
        assertThat(script.behind()).containsExactly("\n? b:", "\n? c:", "");
        assertThat(Script.of(" one").right("one")).isEqualTo(1);
    }
}
