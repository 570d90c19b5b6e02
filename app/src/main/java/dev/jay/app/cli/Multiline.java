// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

/** Texts of several lines as they are typed: a line that ends in a backslash goes on, and so does one in triple quotes. */
final class Multiline {
    private static final String QUOTES = "\"\"\"";

    private Multiline() {}

    /** Whether nothing more belongs to it. */
    static boolean isWhole(String typed) {
        if (!typed.stripLeading().startsWith(QUOTES)) return !typed.endsWith("\\");
        String rest = typed.stripLeading().substring(QUOTES.length());
        return rest.stripTrailing().endsWith(QUOTES);
    }

    /** What is meant by it. One that was not whole when the input ended is taken as it stands. */
    static String text(String typed) {
        if (!typed.stripLeading().startsWith(QUOTES)) return typed.replace("\\\n", "\n");
        String inside = typed.strip().substring(QUOTES.length());
        if (inside.endsWith(QUOTES)) inside = inside.substring(0, inside.length() - QUOTES.length());
        if (inside.startsWith("\n")) inside = inside.substring(1);
        return inside.endsWith("\n") ? inside.substring(0, inside.length() - 1) : inside;
    }
}
