// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** Runs of characters of one class: what the pre-tokenizers' expressions have in common. All return where one ends. */
final class Runs {
    private static final int LONG_S = 0x17F;

    private Runs() {}

    /** The end of {@code 's 't 're 've 'm 'll 'd} at from, or -1. */
    static int contraction(byte[] text, int from, int to, boolean ignoreCase) {
        if (text[from] != '\'' || from + 1 >= to) return -1;
        int first = lower(Utf8.at(text, from + 1), ignoreCase);
        int next = from + 1 + Utf8.length(text[from + 1]);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') return next;
        if (next >= to) return -1;
        int second = lower(text[next], ignoreCase);
        boolean pair = (first == 'r' || first == 'v') && second == 'e' || first == 'l' && second == 'l';
        return pair ? next + 1 : -1;
    }

    private static int lower(int c, boolean ignoreCase) {
        if (!ignoreCase) return c;
        // The one character outside ASCII that an expression which ignores case takes for an ASCII letter used here.
        return c == LONG_S ? 's' : c >= 'A' && c <= 'Z' ? c + 32 : c;
    }

    static int letters(byte[] text, int from, int to) {
        int i = from;
        while (i < to && Utf8.isLetter(Utf8.at(text, i))) i += Utf8.length(text[i]);
        return i;
    }

    static int numbers(byte[] text, int from, int to, int most) {
        int i = from;
        for (int n = 0; n < most && i < to && Utf8.isNumber(Utf8.at(text, i)); n++) i += Utf8.length(text[i]);
        return i;
    }

    static int others(byte[] text, int from, int to) {
        int i = from;
        while (i < to && Utf8.isOther(Utf8.at(text, i))) i += Utf8.length(text[i]);
        return i;
    }

    /**
     * {@code \s+(?!\S)|\s+}: all of a run but its last space, which goes to the word behind it; with
     * {@code toLastLine}, {@code \s*[\r\n]+} comes before that: the run up to its last end of line, where it has one.
     */
    static int spaces(byte[] text, int from, int to, boolean toLastLine) {
        int i = from;
        int last = from;
        int lineEnd = -1;
        while (i < to && Utf8.isSpace(Utf8.at(text, i))) {
            last = i;
            i += Utf8.length(text[i]);
            if (text[last] == '\r' || text[last] == '\n') lineEnd = i;
        }
        if (toLastLine && lineEnd > 0) return lineEnd;
        return i == to || last == from ? i : last;
    }
}
