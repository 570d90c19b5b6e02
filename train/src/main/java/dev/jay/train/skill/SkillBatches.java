// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.block.Batch;
import dev.jay.train.data.Batches;
import dev.jay.train.data.Shuffle;
import java.util.Arrays;
import java.util.List;

/**
 * Sequences of made-up tasks, one behind the other until they are full. Only answers are learnt: what is drawn at random
 * cannot be. A sequence follows from the seed and its number alone.
 */
public final class SkillBatches implements Batches {
    private static final int MOST_FACTS = 32;
    private static final int TRIES = 100; // at a sequence that teaches something
    private static final int LEAST_QUESTIONS = 4;
    private static final int MORE_QUESTIONS = 12;

    private final List<Skill> skills;
    private final Tokenizer tokenizer;
    private final long seed;
    private final double reach;

    /** @param reach the part of a sequence that a task may take before its first answer, more than 0 and less than 1 */
    public SkillBatches(List<Skill> skills, Tokenizer tokenizer, long seed, double reach) {
        this.skills = List.copyOf(skills);
        this.tokenizer = tokenizer;
        this.seed = seed;
        this.reach = reach;
    }

    /** Of the catalog those named, each as often as it is named. */
    public static SkillBatches of(List<String> names, Tokenizer tokenizer, long seed, double reach) {
        return new SkillBatches(names.stream().map(Skills.ALL::make).toList(), tokenizer, seed, reach);
    }

    @Override
    public Batch batch(long number, int sequences, int length) {
        int[] tokens = new int[sequences * length];
        int[] targets = new int[tokens.length];
        for (int s = 0; s < sequences; s++) fill(number * sequences + s, tokens, targets, s * length, length);
        return new Batch(length, tokens, targets);
    }

    /** The sequence of that number, into a batch. */
    void fill(long number, int[] tokens, int[] targets, int at, int length) {
        Sequence out = new Sequence(length + 1);
        long stream = Shuffle.number(Shuffle.number(seed, length), number);
        for (int i = 0; !out.isFull(); i++) {
            Words words = new Words(Shuffle.number(stream, i), false);
            Skill skill = words.one(skills);
            int facts = 2 + words.below(Math.clamp(length / 8, 2, MOST_FACTS - 1));
            int questions = LEAST_QUESTIONS + words.below(MORE_QUESTIONS);
            int filler = words.below(2) == 0 ? 0 : words.below(Math.max(1, (int) (length * reach / 10)));
            append(fitting(skill, new Words(Shuffle.number(stream, ~i), false), facts, questions, filler, length), out);
            if (out.isFull() && !out.teaches() && i < TRIES) out.count = 0;
        }
        System.arraycopy(out.tokens, 0, tokens, at, length);
        for (int i = 0; i < length; i++) targets[at + i] = out.learnt[i + 1] ? out.tokens[i + 1] : Batch.IGNORED;
    }

    /** No longer before its first answer than it may be, if so short a task can be: questions are to be reached. */
    private Task fitting(Skill skill, Words words, int facts, int questions, int filler, int length) {
        Task task = skill.task(words.again(), facts, questions, filler);
        while (facts > 1 && tokenizer.encode(task.prompt(0), false, true).length > (int) (length * reach)) {
            facts = facts * 3 / 4;
            filler = filler * 3 / 4;
            task = skill.task(words.again(), facts, questions, filler);
        }
        return task;
    }

    private void append(Task task, Sequence out) {
        out.add(tokenizer.encode(task.context(), false, true), false);
        for (Task.Question q : task.questions()) {
            out.add(tokenizer.encode(q.text(), false, true), false);
            out.add(tokenizer.encode(q.answer() + q.end(), false, true), true);
        }
        if (tokenizer.eos() >= 0) out.add(new int[] {tokenizer.eos()}, true);
    }

    private static final class Sequence {
        private final int[] tokens;
        private final boolean[] learnt;
        private int count;

        Sequence(int length) {
            tokens = new int[length];
            learnt = new boolean[length];
        }

        void add(int[] more, boolean isLearnt) {
            int n = Math.min(more.length, tokens.length - count);
            System.arraycopy(more, 0, tokens, count, n);
            Arrays.fill(learnt, count, count + n, isLearnt);
            count += n;
        }

        /** Some answer was reached; a very short sequence may be full before. */
        boolean teaches() {
            for (int i = 1; i < count; i++) if (learnt[i]) return true;
            return false;
        }

        boolean isFull() {
            return count == tokens.length;
        }
    }

    /** Sequences of these among those of a text: the first batches of these alone, then so large a part. */
    public Batches among(Batches text, double part, long alone) {
        return (number, sequences, length) -> {
            Batch batch = text.batch(number, sequences, length);
            int[] tokens = batch.tokens().clone();
            int[] targets = batch.targets().clone();
            for (int s = 0; s < sequences; s++) {
                long sequence = number * sequences + s;
                double drawn = (Shuffle.number(seed + 1, sequence) >>> 11) * 0x1p-53;
                if (number < alone || drawn < part) fill(sequence, tokens, targets, s * length, length);
            }
            return new Batch(length, tokens, targets);
        };
    }
}
