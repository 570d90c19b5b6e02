// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/** Variables that are given numbers, or the values of others before them, a few steps deep. */
final class Variables implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("variables", "what a variable holds, through some assignments", a -> new Variables());

    private static final int CHANCE = 3; // of these one assignment takes a number

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> names = words.names(facts);
        List<String> values = new ArrayList<>();
        List<String> told = new ArrayList<>();
        for (int i = 0; i < facts; i++) {
            boolean isNumber = i == 0 || words.below(CHANCE) == 0;
            int of = isNumber ? -1 : words.below(i);
            values.add(isNumber ? words.number(2) : values.get(of));
            told.add("let " + names.get(i) + " = " + (isNumber ? values.get(i) : names.get(of)));
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(facts);
            asked.add(new Task.Question("value of " + names.get(which) + " =", " " + values.get(which), "\n"));
        }
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
