// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/** Numbers of some people, somewhere in a text that speaks of other things. */
final class Needle implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("needle", "a sentence to be found in a text about other things", a -> new Needle());

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> names = words.names(facts);
        List<String> numbers = new ArrayList<>();
        List<String> told = new ArrayList<>();
        for (String name : names) {
            numbers.add(words.number(4));
            told.add("The secret number of " + name + " is " + numbers.getLast() + ".");
        }
        String context = words.between(told, filler, " ") + "\n";
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(facts);
            String text = "Question: What is the secret number of " + names.get(which) + "? Answer:";
            asked.add(new Task.Question(text, " " + numbers.get(which), "\n"));
        }
        return new Task(context, asked);
    }
}
