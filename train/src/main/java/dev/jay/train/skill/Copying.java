// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;
import java.util.ArrayList;
import java.util.List;

/** Lines of names to be written once more. */
final class Copying implements Skill {
    static final Catalog.Entry<Skill> ENTRY =
            new Catalog.Entry<>("copying", "a line of names, written once more", a -> new Copying());

    private static final int MOST = 24; // names of a line

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            String line = String.join(" ", words.names(Math.clamp(facts, 1, MOST)));
            asked.add(new Task.Question("copy: " + line + "\nagain:", " " + line, "\n"));
        }
        return new Task("", asked);
    }
}
