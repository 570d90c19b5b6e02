// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.model.text.Tokenizer;
import dev.jay.train.block.Batch;
import dev.jay.train.data.Batches;
import dev.jay.train.data.Shuffle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sequences of made-up tasks, one behind the other until they are full. Only answers are learnt: what is drawn at random
 * cannot be. A sequence follows from the seed and its number alone.
 */
public final class SkillBatches implements Batches {
    private static final int MOST_FACTS = 32;
    private static final int LEAST_QUESTIONS = 4;
    private static final int MORE_QUESTIONS = 12;
    private static final int MOST_FILLER = 24;

    private final List<Skill> skills;
    private final Tokenizer tokenizer;
    private final long seed;

    public SkillBatches(List<Skill> skills, Tokenizer tokenizer, long seed) {
        this.skills = List.copyOf(skills);
        this.tokenizer = tokenizer;
        this.seed = seed;
    }

    /** All of the catalog. */
    public static SkillBatches ofAll(Tokenizer tokenizer, long seed) {
        List<Skill> all = new ArrayList<>();
        for (String name : Skills.ALL.names()) all.add(Skills.ALL.make(name));
        return new SkillBatches(all, tokenizer, seed);
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
        long stream = Shuffle.number(seed, number);
        for (int i = 0; !out.isFull(); i++) {
            Words words = new Words(Shuffle.number(stream, i), false);
            Skill skill = words.one(skills);
            // Short sequences have short tasks, so that questions are reached.
            int most = Math.clamp(length / 32, 2, MOST_FACTS);
            int facts = 1 + words.below(most);
            int questions = LEAST_QUESTIONS + words.below(MORE_QUESTIONS);
            int filler = words.below(2) == 0 ? 0 : words.below(Math.clamp(length / 40, 1, MOST_FILLER));
            append(skill.task(words, facts, questions, filler), out);
        }
        System.arraycopy(out.tokens, 0, tokens, at, length);
        for (int i = 0; i < length; i++) targets[at + i] = out.learnt[i + 1] ? out.tokens[i + 1] : Batch.IGNORED;
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
