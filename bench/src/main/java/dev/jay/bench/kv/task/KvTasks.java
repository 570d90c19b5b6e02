// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.kv.task;

import dev.jay.tensor.Catalog;
import dev.jay.tensor.Catalog.Entry;
import dev.jay.train.skill.Skill;
import dev.jay.train.skill.Skills;

/** Every task that recipes are judged by. To add one: write its file, add its line. */
public final class KvTasks {
    public static final Catalog<KvTask> ALL = Catalog.of(
            "task",
            trained("needle"),
            trained("key-value"),
            MultiKey.ENTRY,
            PrefixSuffix.ENTRY,
            trained("variables"),
            trained("last-write"),
            Aggregation.ENTRY,
            ManyShot.ENTRY,
            Mix.ENTRY,
            Recurring.ENTRY //
            );

    private KvTasks() {}

    /** A skill that jay-tiny was trained on, asked with names that it was not. */
    private static Entry<KvTask> trained(String name) {
        Entry<? extends Skill> entry = Skills.ALL.entries().stream()
                .filter(e -> e.name().equals(name))
                .findFirst()
                .orElseThrow();
        Skill skill = Skills.ALL.make(name);
        return new Entry<>(name, entry.summary(), _ -> skill::task);
    }
}
