// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/** What some people have, somewhere in a text that speaks of other things. Answers say the fact again. */
final class Needle implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("needle", "a sentence to be found in a text about other things", a -> new Needle());

    private static final List<String> NUMBERS = List.of("secret number", "house number", "lucky number", "code");
    private static final List<String> NAMES = List.of("secret word", "home town", "best friend", "password");

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> what = new ArrayList<>();
        List<String> told = new ArrayList<>();
        for (String name : words.names(facts)) {
            boolean isNumber = words.below(4) < 3;
            what.add("The " + words.one(isNumber ? NUMBERS : NAMES) + " of " + name);
            told.add(what.getLast() + " is " + (isNumber ? words.number(4) : words.name()) + ".");
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            int which = words.below(facts);
            String thing = what.get(which).replaceFirst("The", "the");
            asked.add(Task.Question.of("What is " + thing + "?", told.get(which)));
        }
        return new Task(words.between(told, filler, " ") + "\n", asked);
    }
}
