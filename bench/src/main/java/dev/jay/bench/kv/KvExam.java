// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.kv.KvReader.Reading;
import dev.jay.bench.kv.task.KvTask;
import dev.jay.engine.Model;
import dev.jay.model.text.Tokenizer;
import dev.jay.train.data.Shuffle;
import dev.jay.train.skill.SkillItem;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Questions of one seed, the same for every recipe: how many are answered exactly, greedily. Every mode of a task asks
 * about the same contexts, so each is read once.
 *
 * @param length tokens that are read, at most, with all questions; of what is written, that are read and written
 * @param items  contexts of a task: each has a question of every mode, and several of those that share it
 */
record KvExam(long seed, int items, int length) {
    /** Tokens of a model's context beyond {@link #length}. */
    static final int ROOM = 64;

    private static final int FACTS = 32; // to choose from, at most
    private static final int A_WRITTEN = 4; // one such long answer for as many items
    private static final int BETWEEN = 80; // tokens between two questions of what is written
    private static final int NAMES = 8; // of a line there
    private static final int A_QUESTION = 24; // tokens of one, with its answer, and of half such a line

    /** How many of so many values were right. */
    record Score(int right, int asked) {
        Score plus(Score other) {
            return new Score(right + other.right, asked + other.asked);
        }

        double share() {
            return asked == 0 ? 0 : (double) right / asked;
        }
    }

    /** Asks a task in its modes, those of one context after each other: what keeps all reads it once. */
    Map<KvMode, Score> ask(Asked of, KvTask task, List<KvMode> modes) {
        Map<KvMode, Score> scores = new LinkedHashMap<>();
        for (KvMode mode : modes) scores.put(mode, new Score(0, 0));
        if (task.isWritten()) {
            for (int i = 0; i < written(items); i++) scores.merge(KvMode.LONG, write(of, task, i), Score::plus);
            return scores;
        }
        for (int i = 0; i < items; i++) {
            SkillItem item = SkillItem.of(task, of.model.tokenizer(), seed, i, FACTS, KvMode.QUESTIONS, length);
            KvItem questions = new KvItem(item, of.model.tokenizer());
            questions.score(of, modes).forEach((mode, score) -> scores.merge(mode, score, Score::plus));
        }
        return scores;
    }

    /** Each has as many questions as a dozen others, and takes as long. */
    static int written(int items) {
        return Math.ceilDiv(items, A_WRITTEN);
    }

    /**
     * Whom it asks.
     *
     * @param reader of the same model and recipe: says to it what an answer does not leave to it, and where it forgets,
     *     reads for it
     */
    record Asked(Model model, KvReader reader) {}

    /** A few facts, then a long text in which one of them is asked for now and then. */
    private Score write(Asked of, KvTask task, int i) {
        Tokenizer tokenizer = of.model().tokenizer();
        long stream = Shuffle.number(seed, i);
        Task facts = task.task(new Words(stream, true), FACTS, 1, 0);
        int read = tokenizer.encode(facts.context(), true, true).length;
        int questions = Math.max(1, (length - read) / (BETWEEN + A_QUESTION));
        Task whole = task.task(new Words(stream, true), FACTS, questions, 0);
        Words filler = new Words(Shuffle.number(seed, -1L - i), true);
        List<String> wanted = new ArrayList<>();
        List<String> behind = new ArrayList<>();
        for (Task.Question question : whole.questions()) {
            if (!wanted.isEmpty()) behind.add("\n" + between(tokenizer, filler) + question.text());
            wanted.add(question.answer().strip());
        }
        behind.add("");
        Script script = new Script(wanted, behind);
        int[] prompt = tokenizer.encode(whole.prompt(0), true, true);
        try (Reading reading = of.reader().empty(prompt.length)) {
            reading.to(prompt, prompt.length);
            return new Score(
                    script.right(reading.write(script)), script.wanted().size());
        }
    }

    /** Names, again and again: what a model of skills may write between questions. */
    private static String between(Tokenizer tokenizer, Words words) {
        StringBuilder text = new StringBuilder();
        while (tokenizer.encode(text.toString(), false, false).length < BETWEEN) {
            text.append("copy:");
            for (int i = 0; i < NAMES; i++) text.append(' ').append(words.name());
            text.append('\n');
        }
        return text.toString();
    }
}
