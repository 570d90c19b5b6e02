// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.SkillAnswers;
import dev.jay.bench.kv.task.KvTask;
import dev.jay.engine.Generation;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import dev.jay.model.text.Tokenizer;
import dev.jay.train.data.Shuffle;
import dev.jay.train.skill.SkillItem;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.List;

/**
 * Questions of one seed, the same for every recipe: how many are answered exactly, greedily. Every mode of a task asks
 * about the same contexts, so what keeps all reads them once.
 *
 * @param length tokens that are read, at most, with all questions; of what is written, that are read and written
 * @param items  questions of a task and mode
 */
record KvExam(long seed, int items, int length) {
    /** Tokens of a model's context beyond {@link #length}. */
    static final int ROOM = 64;

    private static final int FACTS = 32; // to choose from, at most
    private static final int MORE = 8; // tokens of a value beyond those that are right
    private static final int BETWEEN = 80; // tokens between two questions of what is written
    private static final int NAMES = 8; // of a line there
    private static final int A_QUESTION = 24; // tokens of one, with its answer, and of half such a line

    /** How many of so many values were right. */
    record Score(int right, int asked) {
        double share() {
            return asked == 0 ? 0 : (double) right / asked;
        }
    }

    /** Asks all items of a task in one mode. */
    Score ask(Model of, KvTask task, KvMode mode) {
        int right = 0;
        int asked = 0;
        for (int i = 0; i < items; i++) {
            Score one = mode == KvMode.LONG ? write(of, task, i) : answer(of, task, mode, i);
            right += one.right;
            asked += one.asked;
        }
        return new Score(right, asked);
    }

    private Score answer(Model of, KvTask task, KvMode mode, int i) {
        Tokenizer tokenizer = of.tokenizer();
        SkillItem item = SkillItem.of(task, tokenizer, seed, mode.context(i), FACTS, KvMode.QUESTIONS, length);
        int question = mode.question(i);
        int[] prompt = tokenizer.encode(prompt(item, mode, question), true, true);
        String answer = item.answer(question);
        int most = tokenizer.encode(answer, false, false).length + MORE;
        int[] ends = ends(tokenizer, item, mode, question);
        boolean isRight = answer.strip().contains("\n")
                ? Script.of(answer).right(written(of, prompt, ends, Script.of(answer), most)) == lines(answer)
                : item.isAnswered(question, new SkillAnswers(of).answer(prompt, ends, most));
        return new Score(isRight ? 1 : 0, 1);
    }

    private static int lines(String answer) {
        return answer.split("\n").length;
    }

    /** In a conversation behind the questions before it, with their right answers; else behind the context alone. */
    private static String prompt(SkillItem item, KvMode mode, int question) {
        return mode == KvMode.SHARED ? item.task().prompt(question) : item.prompt(question);
    }

    /** Where something may be forgotten: at the end of every question, or of the context that several share. */
    private static int[] ends(Tokenizer tokenizer, SkillItem item, KvMode mode, int question) {
        if (mode == KvMode.SHARED) {
            return new int[] {tokenizer.encode(item.task().context(), true, true).length};
        }
        int[] ends = new int[question + 1];
        for (int q = 0; q <= question; q++) ends[q] = tokenizer.encode(item.prompt(q), true, true).length;
        return ends;
    }

    /** A few facts, then a long text in which one of them is asked for now and then. */
    private Score write(Model of, KvTask task, int i) {
        Tokenizer tokenizer = of.tokenizer();
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
        int most = length + ROOM - prompt.length;
        return new Score(
                script.right(written(of, prompt, new int[] {prompt.length}, script, most)),
                script.wanted().size());
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

    private static String written(Model of, int[] prompt, int[] ends, Script script, int most) {
        Request request = Request.of(prompt)
                .withPromptEnds(ends)
                .withSampling(Sampling.GREEDY)
                .withMaxTokens(most)
                .withGrammar(script.grammar());
        try (Generation generation = of.generate(request)) {
            return generation.text();
        }
    }
}
