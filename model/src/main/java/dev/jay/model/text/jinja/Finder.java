// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/**
 * Finds a string in others, in time linear in their length: {@link String#indexOf} may take the product of the two
 * lengths, which a template can make large.
 */
final class Finder {
    private static final int SHORT = 16;

    private final Run run;
    private final String part;
    /** border[i]: length of the longest proper prefix of part[0, i] that is also its suffix; null for short parts. */
    private final int[] border;

    Finder(Run run, String part) {
        this.run = run;
        this.part = part;
        this.border = part.length() <= SHORT ? null : new int[part.length()];
        if (border == null) return;
        run.makeText("searching a string", part.length() * 2L);
        for (int i = 1, k = 0; i < part.length(); i++) {
            while (k > 0 && part.charAt(i) != part.charAt(k)) k = border[k - 1];
            if (part.charAt(i) == part.charAt(k)) k++;
            border[i] = k;
        }
    }

    /** The first place of the part in {@code s[from, ...)}, or -1. */
    int next(String s, int from) {
        int found = find(s, from);
        run.look((found < 0 ? s.length() : found) - (long) from + part.length());
        return found;
    }

    private int find(String s, int from) {
        if (border == null) return s.indexOf(part, from);
        for (int i = from, k = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            while (k > 0 && c != part.charAt(k)) k = border[k - 1];
            if (c == part.charAt(k)) k++;
            if (k == part.length()) return i - k + 1;
        }
        return -1;
    }
}
