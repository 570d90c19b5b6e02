// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Places that things are moved to, again and again: where each is now. */
final class LastWrite implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("last-write", "where a thing is after it was moved some times", a -> new LastWrite());

    private static final int MOVES = 3; // of each thing, in the mean
    static final List<String> PLACES = List.of(
            "kitchen", "garden", "cellar", "attic", "stable", "church", "market", "forest", "harbour", "school");

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> names = words.names(Math.max(1, facts / MOVES));
        Map<String, String> at = new HashMap<>();
        List<String> told = new ArrayList<>();
        for (int i = 0; i < facts; i++) {
            String name = i < names.size() ? names.get(i) : words.one(names);
            at.put(name, words.one(PLACES));
            told.add(name + " went to the " + at.get(name) + ".");
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            String name = words.one(names);
            asked.add(Task.Question.of("Where is " + name + "?", name + " is in the " + at.get(name) + "."));
        }
        return new Task(words.between(told, filler, " ") + "\n", asked);
    }
}
