// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.List;

/** A grammar put together of parts, for answers that are text here and something strict there. */
public sealed interface Form {
    /** This very text. */
    record Text(String text) implements Form {}

    /** A value of a JSON schema. */
    record Json(String schema) implements Form {}

    /** A text of another grammar. */
    record Of(Grammar grammar) implements Form {}

    /** Any text in which this does not stand; empty: any text at all. */
    record Without(String mark) implements Form {}

    /** Any text that does not begin with this character; no text at all too. */
    record NotBeginning(char with) implements Form {}

    /** One behind the other. */
    record All(List<Form> parts) implements Form {
        public All {
            parts = List.copyOf(parts);
        }
    }

    record Either(List<Form> choices) implements Form {
        public Either {
            choices = List.copyOf(choices);
        }
    }

    /** One or more, with this between two of them. */
    record Many(Form part, Form between) implements Form {}

    static Form all(Form... parts) {
        return new All(List.of(parts));
    }

    static Form either(Form... choices) {
        return new Either(List.of(choices));
    }

    /** This, or nothing. */
    static Form maybe(Form part) {
        return either(new Text(""), part);
    }
}
