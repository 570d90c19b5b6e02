// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.List;

/** A regular expression, read. */
sealed interface Regex {
    /** One character of a set. */
    record One(CodePoints set) implements Regex {}

    record Sequence(List<Regex> parts) implements Regex {}

    record Either(List<Regex> choices) implements Regex {}

    /** @param most -1: without end */
    record Repeat(Regex part, int least, int most) implements Regex {}

    /** Matches nothing but the beginning of the text. */
    record Begin() implements Regex {}

    /** Matches nothing but the end of the text. */
    record End() implements Regex {}

    static Regex literal(String text) {
        return new Sequence(text.codePoints()
                .mapToObj(c -> (Regex) new One(CodePoints.of(c, c)))
                .toList());
    }
}
