// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.data.Shuffle;

/**
 * One item of a measurement: names that training never saw, one question, about so many tokens to read.
 *
 * @param prompt for the model to go on from; control tokens written out
 * @param answer exactly
 */
public record SkillItem(String prompt, String answer) {
    private static final int MOST_FILLER = 4096;

    /**
     * The {@code i}-th item of a seed.
     *
     * @param facts  at most
     * @param tokens of the prompt, at most; filler brings it near to that, in skills that have filler
     */
    public static SkillItem of(Skill skill, Tokenizer tokenizer, long seed, long i, int facts, int tokens) {
        long stream = Shuffle.number(seed, i);
        int some = facts;
        while (some > 1 && length(skill, tokenizer, stream, some, 0) > tokens) some = some * 3 / 4;
        int least = length(skill, tokenizer, stream, some, 0);
        int each = Math.max(0, length(skill, tokenizer, stream, some, 8) - least);
        int filler = each == 0 ? 0 : Math.clamp((tokens - least) * 8L / (each + each / 8), 0, MOST_FILLER);
        while (filler > 0 && length(skill, tokenizer, stream, some, filler) > tokens) filler = filler * 9 / 10;
        Task task = skill.task(new Words(stream, true), some, 1, filler);
        return new SkillItem(task.prompt(0), task.questions().getFirst().answer());
    }

    private static int length(Skill skill, Tokenizer tokenizer, long stream, int facts, int filler) {
        Task task = skill.task(new Words(stream, true), facts, 1, filler);
        return tokenizer.encode(task.prompt(0), true, true).length;
    }

    /** Whether what a model wrote is the answer, white space around it aside. */
    public boolean isAnswered(String written) {
        return written.strip().equals(answer.strip());
    }
}
