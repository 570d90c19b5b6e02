// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.List;

/** Lines of four names: the end of one is told first, then its beginning, which half of the lines share with another. */
final class PrefixSuffix implements KvTask {
    static final Catalog.Entry<KvTask> ENTRY =
            new Catalog.Entry<>("prefix-suffix", "the line with a given beginning and end", _ -> new PrefixSuffix());

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> ends = words.names(facts);
        List<String> prefixes = words.names(facts);
        List<String> rest = new ArrayList<>();
        List<String> told = new ArrayList<>();
        for (int i = 0; i < facts; i++) {
            if (i % 4 == 1) prefixes.set(i, prefixes.get(i - 1));
            rest.add(words.name() + " " + words.name() + " " + ends.get(i));
            told.add("- " + prefixes.get(i) + " " + rest.get(i));
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(facts);
            asked.add(new Task.Question(
                    "? " + ends.get(which) + "\n- " + prefixes.get(which), " " + rest.get(which), "\n"));
        }
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
