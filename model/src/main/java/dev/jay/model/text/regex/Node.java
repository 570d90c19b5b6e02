// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

import java.util.List;

/** An expression as it was written. */
sealed interface Node {
    record One(CharClass set) implements Node {}

    record Sequence(List<Node> parts) implements Node {}

    /** The first that leads to a match. */
    record Choice(List<Node> parts) implements Node {}

    /** {@code most} below 0: without end. */
    record Repeat(Node part, int least, int most, boolean lazy) implements Node {}

    /** Once matched, nothing in it is tried again. */
    record Atomic(Node part) implements Node {}

    record Look(Node part, boolean behind, boolean negated) implements Node {}

    record At(Place place) implements Node {}

    /** Places between characters. */
    enum Place {
        TEXT_START,
        TEXT_END,
        LINE_START,
        LINE_END,
        WORD_EDGE,
        NO_WORD_EDGE
    }

    /** How many characters it matches, or -1 where that is not always the same number. */
    static int width(Node node) {
        return switch (node) {
            case One one -> 1;
            case At at -> 0;
            case Look look -> 0;
            case Atomic atomic -> width(atomic.part);
            case Repeat repeat -> {
                int each = width(repeat.part);
                yield each < 0 || repeat.least != repeat.most ? -1 : each * repeat.least;
            }
            case Sequence sequence -> {
                int all = 0;
                for (Node part : sequence.parts) {
                    int width = width(part);
                    if (width < 0) yield -1;
                    all += width;
                }
                yield all;
            }
            case Choice choice -> {
                int first = width(choice.parts.getFirst());
                for (Node part : choice.parts) if (width(part) != first) yield -1;
                yield first;
            }
        };
    }

    /** Whether it can match no character at all. */
    static boolean mayBeEmpty(Node node) {
        return switch (node) {
            case One one -> false;
            case At at -> true;
            case Look look -> true;
            case Atomic atomic -> mayBeEmpty(atomic.part);
            case Repeat repeat -> repeat.least == 0 || mayBeEmpty(repeat.part);
            case Sequence sequence -> sequence.parts.stream().allMatch(Node::mayBeEmpty);
            case Choice choice -> choice.parts.stream().anyMatch(Node::mayBeEmpty);
        };
    }
}
