// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.Skills;
import dev.jay.train.skill.Task;
import dev.jay.train.skill.Words;

/** A few keys told at the beginning of something long that the model writes, one of which it needs now and then (row 50). */
final class Recurring implements KvTask {
    static final Catalog.Entry<KvTask> ENTRY = new Catalog.Entry<>(
            "recurring", "keys that are needed every eighty tokens of a long answer", _ -> new Recurring());

    private static final int KEYS = 8;
    private static final Skill OF = Skills.ALL.make("key-value");

    @Override
    public boolean isWritten() {
        return true;
    }

    @Override
    public Task task(Words words, int facts, int questions, int filler) {
        return OF.task(words, Math.min(KEYS, facts), questions, filler);
    }
}
