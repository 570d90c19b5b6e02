// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.model.load.Metadata;
import dev.jay.model.text.PreTokenizers;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.train.block.Batch;
import dev.jay.train.data.Batches;
import dev.jay.train.data.BytePairTrainer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every skill follows from its seed; what can be worked out anew from the text alone has that answer. */
class SkillLaws {
    private static Tokenizer tokenizer() {
        BytePairTrainer.Result bytes = new BytePairTrainer(PreTokenizers.ALL.make("qwen2")).train(256, (a, b) -> {});
        List<String> tokens = new ArrayList<>(List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>"));
        tokens.addAll(bytes.symbols());
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 1);
        for (int i = 0; i < 3; i++) types[i] = 3;
        return Tokenizers.from(new Metadata(Map.of(
                "tokenizer.ggml.model",
                "gpt2",
                "tokenizer.ggml.pre",
                "qwen2",
                "tokenizer.ggml.tokens",
                tokens,
                "tokenizer.ggml.token_type",
                types,
                "tokenizer.ggml.merges",
                List.of(),
                "tokenizer.ggml.eos_token_id",
                0L)));
    }

    @Test
    void tasksShouldFollowFromTheirSeed() {
        for (String name : Skills.ALL.names()) {
            Skill skill = Skills.ALL.make(name);
            Set<Task> different = new HashSet<>();
            for (int seed = 0; seed < 20; seed++) {
                Task task = skill.task(new Words(seed, false), 7, 5, 3);
                assertThat(task).as(name).isEqualTo(skill.task(new Words(seed, false), 7, 5, 3));
                assertThat(task.questions())
                        .hasSize(5)
                        .allMatch(q -> !q.answer().isBlank());
                different.add(task);
                for (int facts : new int[] {1, 2, 32}) {
                    assertThat(skill.task(new Words(seed, true), facts, 1, 0).questions())
                            .hasSize(1);
                }
            }
            assertThat(different).as(name).hasSize(20);
        }
    }

    @Test
    void namesHeldOutShouldNeverBeTrainedOn() {
        Set<String> trained = new HashSet<>(new Words(1, false).names(2000));
        List<String> kept = new Words(1, true).names(300);
        assertThat(kept).doesNotContainAnyElementsOf(trained);
        assertThat(trained).noneMatch(Words::isHeldOut);
    }

    private interface Solver {
        String answer(String context, String question);
    }

    private static String group(String text, String pattern, boolean last) {
        Matcher m = Pattern.compile(pattern).matcher(text);
        List<String> all = m.results().map(r -> r.group(1)).toList();
        return last ? all.getLast() : all.getFirst();
    }

    private static final Map<String, Solver> SOLVERS = Map.of(
            "needle",
            (c, q) -> group(c, "(The [a-z ]+ of " + group(q, "of (\\w+)\\?", true) + " is \\w+\\.)", false),
            "key-value",
            (c, q) -> group(c, "(?m)^- " + group(q, "\\? (\\w+):", true) + ": (\\w+)$", false),
            "last-write",
            (c, q) -> {
                String name = group(q, "is (\\w+)\\?", true);
                return name + " is in the " + group(c, "\\b" + name + " went to the (\\w+)\\.", true) + ".";
            },
            "story",
            (c, q) -> {
                String thing = group(q, "the (\\w+)\\?", true);
                String name = group(c, "(\\w+) took the " + thing + "\\.", true);
                String place = group(c, "\\b" + name + " went to the (\\w+)\\.", true);
                return name + " has the " + thing + " and is in the " + place + ".";
            },
            "copying",
            (c, q) -> group(q, "copy: (.*)\n", true),
            "variables",
            (c, q) -> {
                Map<String, String> values = new HashMap<>();
                for (MatchResult r : Pattern.compile("let (\\w+) = (\\w+)")
                        .matcher(c)
                        .results()
                        .toList()) {
                    values.put(r.group(1), values.getOrDefault(r.group(2), r.group(2)));
                }
                return values.get(group(q, "value of (\\w+) =", true));
            },
            "counting",
            (c, q) -> String.valueOf(Pattern.compile("\\b" + group(q, "many (\\w+):", true) + "\\b")
                            .matcher(q)
                            .results()
                            .count()
                    - 1));

    @Test
    void answersShouldBeRight() {
        for (Map.Entry<String, Solver> solver : SOLVERS.entrySet()) {
            Skill skill = Skills.ALL.make(solver.getKey());
            for (int seed = 0; seed < 50; seed++) {
                Task task = skill.task(new Words(seed, seed % 2 == 0), 1 + seed % 32, 6, seed % 9);
                for (Task.Question q : task.questions()) {
                    assertThat(q.answer().strip())
                            .as(solver.getKey() + ": " + task.context() + q.text())
                            .isEqualTo(solver.getValue().answer(task.context(), q.text()));
                }
            }
        }
    }

    /** Of each sequence the answers and the ends are learnt, and nothing else; sequences are full, whatever the batch. */
    @Test
    void onlyAnswersShouldBeLearnt() {
        Tokenizer tokenizer = tokenizer();
        for (String name : Skills.ALL.names()) {
            SkillBatches batches = new SkillBatches(List.of(Skills.ALL.make(name)), tokenizer, 5, 0.5);
            Batch batch = batches.batch(3, 4, 512);
            assertThat(batch.tokens()).isEqualTo(batches.batch(3, 4, 512).tokens());
            assertThat(batches.batch(13, 1, 512).tokens()).isEqualTo(Arrays.copyOfRange(batch.tokens(), 512, 1024));
            int learnt = 0;
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < batch.tokens().length; i++) {
                if (batch.targets()[i] == Batch.IGNORED) continue;
                learnt++;
                if (i % 512 < 511) assertThat(batch.targets()[i]).isEqualTo(batch.tokens()[i + 1]);
                text.append(new String(tokenizer.bytes(batch.targets()[i]), StandardCharsets.UTF_8));
            }
            assertThat(learnt).as(name).isBetween(4 * 15, 4 * 400);
            assertThat(text.toString()).doesNotContain("Q:", "What", "copy:", "list:", "went to", "let ");
        }
    }

    /** How far back what is asked for may lie is what a recipe says: more first answers stand behind the half of a sequence. */
    @Test
    void tasksShouldReachAsFarAsAllowed() {
        List<Skill> needles = List.of(Skills.ALL.make("needle"));
        int[] late = new int[2];
        for (int far = 0; far < 2; far++) {
            SkillBatches batches = new SkillBatches(needles, tokenizer(), 5, far == 0 ? 0.5 : 0.9);
            for (int i = 0; i < 60; i++) {
                int[] targets = batches.batch(i, 1, 1024).targets();
                int first = 0;
                while (targets[first] == Batch.IGNORED) first++;
                if (first > 512) late[far]++;
            }
        }
        assertThat(late[0]).isLessThan(20);
        assertThat(late[1]).isGreaterThan(late[0] + 20);
    }

    @Test
    void tasksShouldStandAmongTextAsOftenAsAsked() {
        Batches text = (number, sequences, length) -> {
            int[] sevens = new int[sequences * length];
            Arrays.fill(sevens, 7);
            return new Batch(length, sevens, sevens);
        };
        Batches mixed = SkillBatches.of(List.copyOf(Skills.ALL.names()), tokenizer(), 1, 0.5)
                .among(text, 0.25, 3);
        int tasks = 0;
        for (int i = 0; i < 103; i++) {
            Batch batch = mixed.batch(i, 4, 64);
            for (int s = 0; s < 4; s++) {
                boolean isText = true;
                for (int j = 0; j < 64; j++) isText &= batch.tokens()[64 * s + j] == 7;
                if (i < 3) assertThat(isText).isFalse();
                else if (!isText) tasks++;
            }
        }
        assertThat(tasks).isBetween(70, 130);
    }

    /** Who reads gets all of them, who writes more or less gets none; and everybody is asked the same. */
    @Test
    void anExamShouldCountExactAnswers() {
        Tokenizer tokenizer = tokenizer();
        SkillExam exam = new SkillExam(34, 12, 8);
        Skill copying = Skills.ALL.make("copying");
        List<String> asked = new ArrayList<>();
        SkillExam.Asked reads = (prompt, _, most) -> {
            asked.add(tokenizer.decode(prompt));
            String answer = " " + group(asked.getLast(), "copy: (.*)\n", true);
            assertThat(tokenizer.encode(answer, false, false).length).isLessThanOrEqualTo(most);
            return answer;
        };
        assertThat(exam.right(copying, tokenizer, 200, reads)).isEqualTo(12);
        assertThat(exam.right(copying, tokenizer, 200, (p, ends, most) -> reads.answer(p, ends, most) + "a"))
                .isZero();
        assertThat(asked.subList(0, 12)).isEqualTo(asked.subList(12, 24)).doesNotHaveDuplicates();
        assertThat(SkillExam.longest(2048)).isBetween(1900, 2048);
    }

    /** Where something may be forgotten: before the question comes, or when the first of two has come. */
    @Test
    void modesShouldSayWherePromptsEnd() {
        Tokenizer tokenizer = tokenizer();
        SkillExam exam = new SkillExam(34, 6, 8);
        Skill skill = Skills.ALL.make("key-value");
        exam.right(skill, tokenizer, 300, ExamMode.SHARED, (prompt, ends, _) -> {
            String read = tokenizer.decode(Arrays.copyOf(prompt, ends[0]));
            assertThat(ends).hasSize(1);
            assertThat(read).endsWith("\n").doesNotContain("?");
            assertThat(tokenizer.decode(prompt)).startsWith(read).contains("?");
            return "";
        });
        exam.right(skill, tokenizer, 300, ExamMode.SECOND_TURN, (prompt, ends, _) -> {
            String all = tokenizer.decode(prompt);
            String first = tokenizer.decode(Arrays.copyOf(prompt, ends[0]));
            assertThat(ends).hasSize(2).endsWith(prompt.length);
            assertThat(prompt.length).isLessThanOrEqualTo(300);
            assertThat(first).endsWith(":").containsOnlyOnce("?");
            assertThat(all).startsWith(first).endsWith(":");
            String answer = all.substring(first.length(), all.indexOf('\n', first.length()));
            assertThat(first).contains(first.substring(first.indexOf('?') + 2) + answer);
            return "";
        });
    }

    @Test
    void itemsShouldBeAsLongAsAsked() {
        Tokenizer tokenizer = tokenizer();
        for (String name : List.of("needle", "key-value", "variables", "last-write")) {
            for (int tokens : new int[] {600, 2000}) {
                for (int i = 0; i < 5; i++) {
                    SkillItem item = SkillItem.of(Skills.ALL.make(name), tokenizer, 3, i, 8, 1, tokens);
                    assertThat(tokenizer.encode(item.prompt(0), true, true).length)
                            .as(name)
                            .isBetween(tokens * 7 / 10, tokens);
                    assertThat(item).isEqualTo(SkillItem.of(Skills.ALL.make(name), tokenizer, 3, i, 8, 1, tokens));
                    assertThat(item.isAnswered(0, item.answer(0) + " \n")).isTrue();
                    assertThat(item.isAnswered(0, item.answer(0) + "1")).isFalse();
                }
            }
        }
    }
}
