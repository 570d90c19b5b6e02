// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

/** A string being made, that cannot pass the limits on its way. */
final class Text {
    private final Run run;
    private final String doing;
    private final int allowed;
    private final StringBuilder chars = new StringBuilder();

    private Text(Run run, String doing, int allowed) {
        this.run = run;
        this.doing = doing;
        this.allowed = allowed;
    }

    static Text value(Run run, String doing) {
        return new Text(run, doing, run.limits.valueChars());
    }

    static Text output(Run run) {
        return new Text(run, "rendering", run.limits.outputChars());
    }

    Text add(CharSequence more) {
        room(more.length());
        chars.append(more);
        return this;
    }

    Text add(CharSequence more, int from, int to) {
        room(to - from);
        chars.append(more, from, to);
        return this;
    }

    Text add(char c) {
        room(1);
        chars.append(c);
        return this;
    }

    Text addCodePoint(int codePoint) {
        room(2);
        chars.appendCodePoint(codePoint);
        return this;
    }

    Text repeat(CharSequence part, long times) {
        if (times <= 0) return this;
        room(times > allowed ? Integer.MAX_VALUE : part.length() * times);
        chars.repeat(part, (int) Math.min(times, allowed));
        return this;
    }

    int length() {
        return chars.length();
    }

    private void room(long more) {
        long length = chars.length() + more;
        if (length > allowed) throw run.over(doing, "characters", length, allowed);
        run.look(more);
    }

    /** The string, counted as made by the template. */
    String made() {
        run.makeText(doing, chars.length());
        return chars.toString();
    }

    /** The string, where it is what is rendered and no value of the template. */
    String rendered() {
        return chars.toString();
    }
}
