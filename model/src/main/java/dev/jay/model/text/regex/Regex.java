// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.regex;

/**
 * A regular expression out of a file nobody has vouched for, over UTF-8: leftmost, first alternative first, as a
 * backtracking engine finds it, and bounded in steps and memory, which are linear in the text, so the worst expression
 * over the worst text ends soon with an error. Characters are code points; {@code \s \w \d} are Unicode's. Immutable and
 * thread-safe.
 */
public final class Regex {
    private static final int MOST_CHARS = 1 << 14;

    private final Program program;

    private Regex(Program program) {
        this.program = program;
    }

    /** @throws RegexException where it cannot be read, or uses what is not supported */
    public static Regex compile(String source) {
        if (source.length() > MOST_CHARS) {
            String what = "too long: characters=" + source.length() + ", most=" + MOST_CHARS;
            throw new RegexException(source, 0, what);
        }
        return new Regex(Program.compile(source));
    }

    public String source() {
        return program.source();
    }

    /**
     * Looks through {@code from .. to} of a text, as if there were no more of it.
     *
     * @param text well-formed UTF-8 between these places, which lie between characters
     */
    public Search over(byte[] text, int from, int to) {
        return new Search(program, text, from, to);
    }
}
