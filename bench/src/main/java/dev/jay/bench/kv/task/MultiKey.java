// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;
import java.util.ArrayList;
import java.util.List;

/** Values of several keys that one question names; all must be right. */
final class MultiKey implements KvTask {
    static final Catalog.Entry<KvTask> ENTRY =
            new Catalog.Entry<>("multi-key", "the values of three keys of one question", _ -> new MultiKey());

    private static final int KEYS = 3;

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        List<String> keys = words.names(Math.max(KEYS, facts));
        List<String> values = new ArrayList<>();
        List<String> told = new ArrayList<>();
        for (String key : keys) {
            values.add(words.number(3));
            told.add("- " + key + ": " + values.getLast());
        }
        List<Task.Question> asked = new ArrayList<>();
        for (int i = 0; i < questions; i++) {
            List<String> wanted = new ArrayList<>();
            while (wanted.size() < KEYS) {
                String key = words.one(keys);
                if (!wanted.contains(key)) wanted.add(key);
            }
            List<String> lines = new ArrayList<>();
            for (String key : wanted) lines.add("? " + key + ": " + values.get(keys.indexOf(key)));
            String all = String.join("\n", lines);
            int first = all.indexOf(':') + 1;
            String named = "list: " + String.join(" ", wanted) + "\n";
            asked.add(new Task.Question(named + all.substring(0, first), all.substring(first), "\n"));
        }
        return new Task(words.between(told, filler, "\n"), asked);
    }
}
