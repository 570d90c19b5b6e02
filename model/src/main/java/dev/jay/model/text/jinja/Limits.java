// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/**
 * How far a template may go; templates come from files nobody has vouched for. Together they bound time (steps) and heap
 * (made and output characters), whatever the template says.
 *
 * @param sourceChars  length of a template
 * @param nesting      how deep expressions and blocks may stand in each other, a chain of operators counting as nested
 * @param depth        how deep evaluation may go, macros calling macros included
 * @param steps        work of one rendering: a node evaluated is one, so are 16 characters or 4 elements looked at
 * @param outputChars  length of what is rendered
 * @param valueChars   length of one string a template makes
 * @param valueItems   length of one list a template makes
 * @param madeChars    all strings a rendering makes on its way, an element of a list counted as {@link #ITEM_CHARS}
 * @param integerBits  size of an integer
 */
public record Limits(
        int sourceChars,
        int nesting,
        int depth,
        long steps,
        int outputChars,
        int valueChars,
        int valueItems,
        long madeChars,
        int integerBits) {
    static final int ITEM_CHARS = 16;

    public static final Limits DEFAULT =
            new Limits(1 << 18, 120, 800, 10_000_000, 8 << 20, 4 << 20, 100_000, 32 << 20, 4096);
}
