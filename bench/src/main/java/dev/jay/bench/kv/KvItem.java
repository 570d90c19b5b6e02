// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv;

import dev.jay.bench.SkillAnswers;
import dev.jay.bench.kv.KvExam.Asked;
import dev.jay.bench.kv.KvExam.Score;
import dev.jay.bench.kv.KvReader.Reading;
import dev.jay.engine.Model;
import dev.jay.model.text.Tokenizer;
import dev.jay.train.skill.SkillItem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A text and its questions, asked in all modes: by the engine one after the other, or of one reading of the text. */
final class KvItem {
    static final int MORE = 8; // tokens of a value beyond those that are right

    private final SkillItem item;
    private final Tokenizer tokenizer;

    KvItem(SkillItem item, Tokenizer tokenizer) {
        this.item = item;
        this.tokenizer = tokenizer;
    }

    /** How many of each mode's questions are right. */
    Map<KvMode, Score> score(Asked of, List<KvMode> modes) {
        Map<KvMode, Score> scores = new LinkedHashMap<>();
        answers(of, modes).forEach((mode, answers) -> {
            int right = 0;
            for (int i = 0; i < answers.size(); i++) {
                if (isRight(mode.questions()[i], answers.get(i))) right++;
            }
            scores.put(mode, new Score(right, answers.size()));
        });
        return scores;
    }

    /** What is written to each mode's questions, in order. */
    Map<KvMode, List<String>> answers(Asked of, List<KvMode> modes) {
        return of.reader().isShared() ? answers(of.reader(), modes) : answers(of.model(), modes);
    }

    /** By the engine, which reads for each question what it does not know already. */
    Map<KvMode, List<String>> answers(Model of, List<KvMode> modes) {
        Map<KvMode, List<String>> answers = new LinkedHashMap<>();
        for (KvMode mode : modes) answers.put(mode, new ArrayList<>());
        answers.forEach((mode, its) -> {
            for (int q : mode.questions()) its.add(answer(of, mode, q));
        });
        return answers;
    }

    private boolean isRight(int question, String written) {
        Script script = script(question);
        return script == null
                ? item.isAnswered(question, written)
                : script.right(written) == script.wanted().size();
    }

    /** Of an answer of several lines; null: it is one. */
    private Script script(int question) {
        String answer = item.answer(question);
        return answer.strip().contains("\n") ? Script.of(answer) : null;
    }

    private int most(int question) {
        return tokenizer.encode(item.answer(question), false, false).length + MORE;
    }

    /** In a conversation behind the questions before it, with their right answers; else behind the context alone. */
    private int[] prompt(KvMode mode, int question) {
        String text = mode == KvMode.SHARED ? item.task().prompt(question) : item.prompt(question);
        return tokenizer.encode(text, true, true);
    }

    /** Where something may be forgotten: at the end of every question, or of the context that several share. */
    private int[] ends(KvMode mode, int question) {
        if (mode == KvMode.SHARED) return new int[] {context().length};
        int[] ends = new int[question + 1];
        for (int q = 0; q <= question; q++) ends[q] = prompt(mode, q).length;
        return ends;
    }

    private int[] context() {
        return tokenizer.encode(item.task().context(), true, true);
    }

    private String answer(Model of, KvMode mode, int question) {
        int[] prompt = prompt(mode, question);
        int[] ends = ends(mode, question);
        Script script = script(question);
        return script == null
                ? new SkillAnswers(of).answer(prompt, ends, most(question))
                : written(of, prompt, ends, script);
    }

    /** What is written by a script: behind each value the engine is asked anew, and reads what it does not know already. */
    private String written(Model of, int[] prompt, int[] ends, Script script) {
        StringBuilder text = new StringBuilder();
        int[] read = prompt;
        for (int i = 0; i < script.wanted().size(); i++) {
            String value = new SkillAnswers(of).answer(read, ends, script.most(i, tokenizer));
            read = joined(joined(read, value), script.behind().get(i));
            text.append(value).append(script.behind().get(i));
        }
        return text.toString();
    }

    private int[] joined(int[] before, String text) {
        return IntStream.concat(IntStream.of(before), IntStream.of(tokenizer.encode(text, false, false)))
                .toArray();
    }

    /** By a reader, which reads the context once. */
    private Map<KvMode, List<String>> answers(KvReader reader, List<KvMode> modes) {
        Map<KvMode, List<String>> answers = new LinkedHashMap<>();
        for (KvMode mode : modes) answers.put(mode, new ArrayList<>());
        List<KvMode> turns = new ArrayList<>(answers.keySet());
        turns.remove(KvMode.SHARED);
        int last = turns.stream().mapToInt(mode -> mode.questions()[0]).max().orElse(0);
        try (Reading reading = reader.read(context(), ends(KvMode.SINGLE, last))) {
            if (answers.containsKey(KvMode.SHARED)) shared(reader, reading, answers.get(KvMode.SHARED));
            for (int q = 0; q <= last; q++) {
                int[] prompt = prompt(KvMode.SINGLE, q);
                if (reading.begins(prompt)) reading.to(prompt, prompt.length);
                for (KvMode mode : turns) {
                    if (mode.questions()[0] == q) answers.get(mode).add(answer(reader, reading, mode, q));
                }
            }
        }
        return answers;
    }

    /** The context is read to its end, where what it keeps is chosen; every question goes on from there. */
    private void shared(KvReader reader, Reading before, List<String> answers) {
        int[] context = context();
        try (Reading reading = before.copy(context.length)) {
            reading.to(context, context.length);
            for (int q : KvMode.SHARED.questions()) answers.add(answer(reader, reading, KvMode.SHARED, q));
        }
    }

    /** A question's first letter may join the last of what is before it in one token: then all is read for it anew. */
    private String answer(KvReader reader, Reading before, KvMode mode, int question) {
        int[] prompt = prompt(mode, question);
        int[] ends = ends(mode, question);
        try (Reading own = before.begins(prompt) ? before.copy(ends) : reader.empty(ends)) {
            own.to(prompt, prompt.length);
            Script script = script(question);
            return script == null ? own.answer(most(question)) : own.write(script);
        }
    }
}
