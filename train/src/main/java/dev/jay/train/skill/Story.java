// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** People who go about and take things from each other (after bAbI's second task, Weston et al. 2015): where a thing is. */
final class Story implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("story", "who has a thing, and where they went with it", a -> new Story());

    private static final int EACH = 4; // events of a person, in the mean
    private static final List<String> THINGS =
            List.of("ball", "book", "lamp", "key", "letter", "apple", "coin", "basket", "ring", "hat");

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> people = words.names(Math.max(1, facts / EACH));
        Map<String, String> at = new HashMap<>();
        Map<String, String> holder = new HashMap<>();
        List<String> told = new ArrayList<>();
        for (int i = 0; i < Math.max(2, facts); i++) {
            String person = i < 2 ? people.getFirst() : words.one(people);
            if (i == 1 || i > 1 && at.containsKey(person) && words.below(2) == 0) {
                String thing = words.one(THINGS);
                holder.put(thing, person);
                told.add(person + " took the " + thing + ".");
            } else {
                at.put(person, words.one(LastWrite.PLACES));
                told.add(person + " went to the " + at.get(person) + ".");
            }
        }
        List<String> held = new ArrayList<>(new TreeSet<>(holder.keySet()));
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            String thing = words.one(held);
            String person = holder.get(thing);
            String answer = person + " has the " + thing + " and is in the " + at.get(person) + ".";
            asked.add(Task.Question.of("Where is the " + thing + "?", answer));
        }
        return new Task(words.between(told, filler, " ") + "\n", asked);
    }
}
