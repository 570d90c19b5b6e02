// SPDX-License-Identifier: Apache-2.0
package dev.jay.train.skill;

import dev.jay.tensor.Catalog;

/** Every skill. To add one: write its file, add its line. */
public final class Skills {
    public static final Catalog<Skill> ALL = Catalog.of(
            "skill",
            Needle.ENTRY,
            KeyValue.ENTRY,
            Variables.ENTRY,
            LastWrite.ENTRY,
            Story.ENTRY,
            Copying.ENTRY,
            Counting.ENTRY,
            Instructions.ENTRY,
            Conversation.ENTRY //
            );

    private Skills() {}
}
