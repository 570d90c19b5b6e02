// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.data.Shuffle;

/** One item of a measurement: names that training never saw, questions about so many tokens to read. */
public record SkillItem(Task task) {
    private static final int MOST_FILLER = 4096;

    /**
     * The {@code i}-th item of a seed.
     *
     * @param facts     at most
     * @param questions one after the other
     * @param tokens    of the last prompt, at most; filler brings it near to that, in skills that have filler
     */
    public static SkillItem of(
            Skill skill, Tokenizer tokenizer, long seed, long i, int facts, int questions, int tokens) {
        long stream = Shuffle.number(seed, i);
        int some = facts;
        while (some > 1 && length(skill, tokenizer, stream, some, questions, 0) > tokens) some = some * 3 / 4;
        int least = length(skill, tokenizer, stream, some, questions, 0);
        int each = Math.max(0, length(skill, tokenizer, stream, some, questions, 8) - least);
        int filler = each == 0 ? 0 : Math.clamp((tokens - least) * 8L / (each + each / 8), 0, MOST_FILLER);
        while (filler > 0 && length(skill, tokenizer, stream, some, questions, filler) > tokens)
            filler = filler * 9 / 10;
        return new SkillItem(skill.task(new Words(stream, true), some, questions, filler));
    }

    private static int length(Skill skill, Tokenizer tokenizer, long stream, int facts, int questions, int filler) {
        Task task = skill.task(new Words(stream, true), facts, questions, filler);
        return tokenizer.encode(new SkillItem(task).prompt(questions - 1), true, true).length;
    }

    /** For the model to go on from: up to the answer of a question, after those before with their right answers. */
    public String prompt(int question) {
        StringBuilder text = new StringBuilder(task.context());
        for (int i = 0; i < question; i++) {
            Task.Question q = task.questions().get(i);
            text.append(q.text()).append(q.answer()).append(q.end());
        }
        return text.append(task.questions().get(question).text()).toString();
    }

    /** Exactly. */
    public String answer(int question) {
        return task.questions().get(question).answer();
    }

    /** Whether what a model wrote is the answer, white space around it aside. */
    public boolean isAnswered(int question, String written) {
        return written.strip().equals(answer(question).strip());
    }
}
