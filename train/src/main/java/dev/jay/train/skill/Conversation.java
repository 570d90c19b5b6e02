// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/** A task of another skill as a chat: what there is to read stands before the first question. */
final class Conversation implements Skill {
    static final Catalog.Entry<Skill> ENTRY = new Catalog.Entry<>(
            "conversation", "something to read and questions about it, as a chat", a -> new Conversation());

    private static final List<Skill> OF = List.of(new Needle(), new KeyValue(), new LastWrite(), new Story());

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        Task task = words.one(OF).task(words, facts, questions, filler);
        List<Task.Question> asked = new ArrayList<>();
        for (Task.Question q : task.questions()) {
            asked.add(Instructions.said(q.asked(), q.answer().strip()));
        }
        Task.Question first = asked.getFirst();
        String text = Instructions.USER + task.context() + first.text().substring(Instructions.USER.length());
        asked.set(0, new Task.Question(text, first.answer(), first.end()));
        return new Task("", asked);
    }
}
