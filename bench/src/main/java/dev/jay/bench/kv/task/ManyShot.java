// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.List;

/** Many examples of things and their classes, the second name of a thing saying which; then things that are new. */
final class ManyShot implements KvTask {
    static final Catalog.Entry<KvTask> ENTRY = new Catalog.Entry<>(
            "many-shot", "the class of a new thing, learnt from many examples", _ -> new ManyShot());

    private static final int CLASSES = 4;

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> marks = words.names(CLASSES);
        List<String> classes = words.names(CLASSES);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < Math.max(CLASSES, facts); i++) {
            int which = i < CLASSES ? i : words.below(CLASSES);
            told.add("- " + words.name() + " " + marks.get(which) + ": " + classes.get(which));
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(CLASSES);
            asked.add(new Task.Question(
                    "? " + words.name() + " " + marks.get(which) + ":", " " + classes.get(which), "\n"));
        }
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
