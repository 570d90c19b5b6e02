// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/** A list of keys with their values, and keys whose values are wanted. */
final class KeyValue implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("key-value", "values looked up by their keys", a -> new KeyValue());

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> keys = words.names(facts);
        List<String> values = new ArrayList<>();
        List<String> told = new ArrayList<>();
        for (String key : keys) {
            values.add(words.below(2) == 0 ? words.number(3) : words.name());
            told.add("- " + key + ": " + values.getLast());
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(facts);
            asked.add(new Task.Question("? " + keys.get(which) + ":", " " + values.get(which), "\n"));
        }
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
