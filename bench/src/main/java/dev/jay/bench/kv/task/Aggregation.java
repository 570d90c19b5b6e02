// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.List;

/** Keys that are told many values: which one most often. No single line says it. */
final class Aggregation implements KvTask {
    static final Catalog.Entry<KvTask> ENTRY =
            new Catalog.Entry<>("aggregation", "the value that a key is told most often", _ -> new Aggregation());

    private static final int KEYS = 4;
    private static final int VALUES = 3; // of each key; the first in two lines of three

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> keys = words.names(KEYS);
        List<List<String>> values = new ArrayList<>();
        for (int k = 0; k < KEYS; k++) values.add(words.names(VALUES));
        List<String> told = new ArrayList<>();
        for (int i = 0; i < facts; i++) {
            List<String> its = values.get(i % KEYS);
            int turn = i / KEYS % VALUES;
            String value = turn == 1 ? its.get(1 + words.below(VALUES - 1)) : its.getFirst();
            told.add("- " + keys.get(i % KEYS) + ": " + value);
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(Math.min(KEYS, facts));
            asked.add(new Task.Question(
                    "? " + keys.get(which) + ":", " " + values.get(which).getFirst(), "\n"));
        }
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
