// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.List;

/**
 * The next part of an answer: text that is certain, and the tokens chosen since the piece before. Whole characters only.
 * Text that may be the beginning of a stop string comes once it is known not to be. The text is empty where tokens came
 * that are not text (the last piece only).
 */
public record Piece(String text, List<Choice> tokens) {
    public Piece {
        tokens = List.copyOf(tokens);
    }
}
