// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** {@code str.split} and {@code str.rsplit}; a negative number of splits is no limit. */
final class Splits {
    private static final String DOING = "splitting a string";

    private Splits() {}

    private static void add(Run run, List<Object> parts, String part) {
        if (parts.size() >= run.limits.valueItems()) {
            throw run.over(DOING, "elements", parts.size() + 1L, run.limits.valueItems());
        }
        parts.add(part);
    }

    private static List<Object> made(Run run, String s, List<Object> parts) {
        run.makeItems(DOING, parts.size());
        run.makeText(DOING, s.length());
        return parts;
    }

    static List<Object> split(Run run, String s, String separator, long most) {
        List<Object> parts = new ArrayList<>();
        Finder finder = new Finder(run, separator);
        int from = 0;
        while (most < 0 || parts.size() < most) {
            int at = finder.next(s, from);
            if (at < 0) break;
            add(run, parts, s.substring(from, at));
            from = at + separator.length();
        }
        add(run, parts, s.substring(from));
        return made(run, s, parts);
    }

    static List<Object> fromRight(Run run, String s, String separator, long most) {
        List<Object> parts = new ArrayList<>();
        int to = s.length();
        int from = to - separator.length();
        while (from >= 0 && (most < 0 || parts.size() < most)) {
            // A long separator may be compared in full at every place; the steps bound that.
            run.look(separator.length());
            if (s.startsWith(separator, from)) {
                add(run, parts, s.substring(from + separator.length(), to));
                to = from;
                from -= separator.length();
            } else {
                from--;
            }
        }
        add(run, parts, s.substring(0, to));
        Collections.reverse(parts);
        return made(run, s, parts);
    }

    static List<Object> spaces(Run run, String s, long most) {
        List<Object> parts = new ArrayList<>();
        int from = Chars.skipSpace(s, 0);
        while (from < s.length()) {
            if (most >= 0 && parts.size() >= most) {
                add(run, parts, s.substring(from));
                break;
            }
            int to = from;
            while (to < s.length() && !Chars.isSpace(s.charAt(to))) to++;
            add(run, parts, s.substring(from, to));
            from = Chars.skipSpace(s, to);
        }
        return made(run, s, parts);
    }

    static List<Object> spacesFromRight(Run run, String s, long most) {
        List<Object> parts = new ArrayList<>();
        int to = Chars.stripEnd(s, 0, s.length());
        while (to > 0) {
            if (most >= 0 && parts.size() >= most) {
                add(run, parts, s.substring(0, to));
                break;
            }
            int from = to;
            while (from > 0 && !Chars.isSpace(s.charAt(from - 1))) from--;
            add(run, parts, s.substring(from, to));
            to = Chars.stripEnd(s, 0, from);
        }
        Collections.reverse(parts);
        return made(run, s, parts);
    }
}
