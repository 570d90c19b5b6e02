// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** How often a name stands in a short list of names. */
final class Counting implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("counting", "how often a name stands in a list", a -> new Counting());

    private static final int MOST = 10; // names of a list
    private static final int DIFFERENT = 3;

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            List<String> names = words.names(DIFFERENT);
            List<String> list = new ArrayList<>();
            for (int j = 0; j < Math.clamp(facts, 1, MOST); j++) list.add(words.one(names));
            String wanted = words.one(names);
            String answer = " " + Collections.frequency(list, wanted);
            asked.add(
                    new Task.Question("list: " + String.join(" ", list) + "\nhow many " + wanted + ":", answer, "\n"));
        }
        return new Task("", asked);
    }
}
