// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Calibration;
import dev.jay.model.text.Tokenizer;
import dev.jay.train.data.Shuffle;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.Skills;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Facts hidden in pieces of a text, from its first tokens to its last, each with a question and its answer. They follow
 * from text and seed alone.
 *
 * @param count  of prompts
 * @param length tokens of each, about
 */
record CalibrationPrompts(String text, int count, int length, long seed) {
    List<Calibration.Prompt> of(Tokenizer tokenizer) {
        int[] all = tokenizer.encode(text, false, false);
        List<Calibration.Prompt> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) prompts.add(prompt(tokenizer, all, i));
        return prompts;
    }

    private Calibration.Prompt prompt(Tokenizer tokenizer, int[] all, int i) {
        long random = Shuffle.number(seed, i);
        Skill needle = Skills.ALL.make("needle");
        Task task = needle.task(new Words(random, true), 1, 1, 0);
        Task.Question asked = task.questions().getFirst();
        int[] begin = tokenizer.encode("", true, false);
        int[] fact = tokenizer.encode("\n" + task.context(), false, false);
        int[] question = tokenizer.encode("\n" + asked.text(), false, false);
        int[] answer = tokenizer.encode(asked.answer(), false, false);
        int told = begin.length + fact.length + question.length + answer.length;
        int read = length - told;
        if (read < 16 || all.length < read) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "calibrate: the text has " + all.length + " tokens, wanted at least " + Math.max(16, read)
                            + " for prompts of --length " + length + ", of which " + told + " are question and answer");
        }
        int start = (int) Long.remainderUnsigned(random, all.length - read + 1L);
        int depth = (int) ((i + 0.5) / count * read);
        int[] before = Arrays.copyOfRange(all, start, start + depth);
        int[] behind = Arrays.copyOfRange(all, start + depth, start + read);
        int[] tokens = Stream.of(begin, before, fact, behind, question, answer)
                .flatMapToInt(IntStream::of)
                .toArray();
        int factFrom = begin.length + depth;
        return new Calibration.Prompt(tokens, factFrom, factFrom + fact.length, tokens.length - answer.length);
    }
}
