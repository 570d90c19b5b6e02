// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.Skills;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.List;

/** Lines of several tasks among each other, and questions of any of them. */
final class Mix implements KvTask {
    static final Catalog.Entry<KvTask> ENTRY = new Catalog.Entry<>(
            "mix", "needles, keys and variables in one text, and questions about any", _ -> new Mix());

    private static final List<Skill> OF =
            List.of(Skills.ALL.make("needle"), Skills.ALL.make("key-value"), Skills.ALL.make("variables"));

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<List<String>> left = new ArrayList<>();
        List<Task> tasks = new ArrayList<>();
        for (Skill skill : OF) {
            Task task = skill.task(words, Math.max(1, facts / OF.size()), questions, 0);
            tasks.add(task);
            left.add(new ArrayList<>(List.of(task.context().strip().split("\n|(?<=\\.) "))));
        }
        List<String> told = new ArrayList<>();
        while (left.stream().anyMatch(l -> !l.isEmpty())) { // the order within each stays: variables follow each other
            List<String> one = words.one(left);
            if (!one.isEmpty()) told.add(one.removeFirst());
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++)
            asked.add(words.one(tasks).questions().get(i));
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
