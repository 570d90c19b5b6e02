// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

/** An expression that cannot be read, or uses what is not supported. */
public final class RegexException extends RuntimeException {
    private static final int SHOWN = 80;

    RegexException(String source, int at, String what) {
        super("regular expression " + shown(source) + " at character " + at + ": " + what);
    }

    static String shown(String source) {
        String cut = source.length() > SHOWN ? source.substring(0, SHOWN) + "..." : source;
        return "'" + cut.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?") + "'";
    }
}
