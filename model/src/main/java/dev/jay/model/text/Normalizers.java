// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** The normalizers that have no settings. */
final class Normalizers {
    private Normalizers() {}

    static String lower(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> lower(c, out));
        return out.toString();
    }

    /** Each character for itself: a sigma at the end of a word is lowered as any other. */
    private static void lower(int c, StringBuilder out) {
        if (c == 0x130) {
            out.append("i\u0307"); // the one character whose lower case is two
        } else {
            out.appendCodePoint(Character.toLowerCase(c));
        }
    }
}
