// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.model.text.Tokenizer;

/**
 * Questions of one seed, the same for everybody who is asked: how many are answered exactly.
 *
 * @param items questions of a skill and length
 * @param facts to choose from, at most
 */
public record SkillExam(long seed, int items, int facts) {
    private static final int ROOM = 8; // tokens beyond those of the right answer

    /** Who is asked. */
    public interface Asked {
        /**
         * @param prompt     tokens
         * @param promptEnds places of it where something may be forgotten
         * @param most       tokens of an answer
         * @return greedy, up to the end of a line or of the text
         */
        String answer(int[] prompt, int[] promptEnds, int most);
    }

    /** The most tokens that a prompt of {@code context} tokens' model may have, so that answers fit in behind it. */
    public static int longest(int context) {
        return context - 8 * ROOM;
    }

    /** @param length tokens to read, at most */
    public int right(Skill skill, Tokenizer tokenizer, int length, Asked asked) {
        return right(skill, tokenizer, length, ExamMode.SINGLE, asked);
    }

    /** @param length tokens to read, at most, with all questions */
    public int right(Skill skill, Tokenizer tokenizer, int length, ExamMode mode, Asked asked) {
        int right = 0;
        int last = mode.questions() - 1;
        for (int i = 0; i < items; i++) {
            SkillItem item = SkillItem.of(skill, tokenizer, seed, i, facts, mode.questions(), length);
            int[] prompt = tokenizer.encode(item.prompt(last), true, true);
            int most = tokenizer.encode(item.answer(last), false, false).length + ROOM;
            int[] ends = switch (mode) {
                case SINGLE -> new int[] {prompt.length};
                case SHARED -> new int[] {tokenizer.encode(item.task().context(), true, true).length};
                case SECOND_TURN -> new int[] {tokenizer.encode(item.prompt(0), true, true).length, prompt.length};
            };
            if (item.isAnswered(last, asked.answer(prompt, ends, most))) right++;
        }
        return right;
    }
}
