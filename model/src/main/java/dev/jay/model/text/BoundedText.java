// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/**
 * A text written anew from another by what a file says. The worst that Unicode's own forms do to a text is to make it 18
 * times as long; a file that wants more than this allows fills memory and means harm.
 */
final class BoundedText {
    /** What one replacement may be long, in chars, and a text that is put in front. */
    static final int MOST_REPLACEMENT = 1024;

    private static final int MOST_GROWTH = 32;

    private final StringBuilder out;
    private final long most;

    BoundedText(int length) {
        out = new StringBuilder(length);
        most = most(length);
    }

    private static long most(int length) {
        return MOST_REPLACEMENT + (long) MOST_GROWTH * length;
    }

    BoundedText add(CharSequence text) {
        check((long) out.length() + text.length(), most);
        out.append(text);
        return this;
    }

    BoundedText add(CharSequence text, int from, int to) {
        check((long) out.length() + to - from, most);
        out.append(text, from, to);
        return this;
    }

    /** @throws IllegalArgumentException if what was made of a text of so many chars is too long */
    static void check(int made, int from) {
        check(made, most(from));
    }

    private static void check(long length, long most) {
        if (length > most) {
            throw new IllegalArgumentException(
                    "normalizing the text: the tokenizer makes it longer than it may: characters=" + length + ", most="
                            + most);
        }
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
