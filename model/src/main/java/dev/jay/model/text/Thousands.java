// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/**
 * Runs of digits in threes from their end, as {@code \d{1,3}(?=(?:\d{3})*\b)} and {@code (?=(\d{3})+(?!\d))} find them;
 * matched as they stand, these take square time on a long number.
 *
 * @param byEdge leave a run whole that a word goes on from
 */
record Thousands(boolean byEdge) implements Splitting.Pattern {
    @Override
    public void find(byte[] text, int from, int to, Splitting.Parts parts) {
        int open = from;
        for (int at = from; at < to; ) {
            if (!isDigit(text, at)) {
                at += Utf8.length(text[at]);
                continue;
            }
            int start = at;
            int count = 0;
            for (; at < to && isDigit(text, at); at += Utf8.length(text[at])) count++;
            if (byEdge && at < to && goesOn(Utf8.at(text, at))) continue;
            for (int cut = start; cut < at; cut += Utf8.length(text[cut]), count--) {
                if (count % 3 != 0 && !(byEdge && cut == start)) continue;
                if (open < cut) parts.part(open, cut, byEdge && open >= start);
                open = cut;
            }
            if (byEdge) {
                parts.part(open, at, true);
                open = at;
            }
        }
        if (open < to) parts.part(open, to, false);
    }

    private static boolean isDigit(byte[] text, int at) {
        return Character.getType(Utf8.at(text, at)) == Character.DECIMAL_DIGIT_NUMBER;
    }

    private static boolean goesOn(int c) {
        return Utf8.isWord(c) || Utf8.isNumber(c);
    }
}
