// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.time.Clock;

/** One rendering: its clock, where it stands and what it has spent of {@link Limits}. Confined to its thread. */
final class Run {
    final Limits limits;
    final Clock clock;
    /** The line being evaluated; errors name it. */
    int line;

    private long steps;
    private long made;
    private int depth;

    Run(Limits limits, Clock clock) {
        this.limits = limits;
        this.clock = clock;
    }

    TemplateException error(String what) {
        return new TemplateException(TemplateException.Cause.EVALUATION, line, what);
    }

    TemplateException refused(String message) {
        return new TemplateException(TemplateException.Cause.REFUSED, line, message);
    }

    TemplateException over(String doing, String what, long value, long allowed) {
        String message = doing + ": " + what + "=" + value + ", allowed<=" + allowed;
        return new TemplateException(TemplateException.Cause.LIMIT, line, message);
    }

    void step() {
        if (++steps > limits.steps()) throw over("rendering", "steps", steps, limits.steps());
    }

    /** Counts looking at so many characters. */
    void look(long chars) {
        steps += chars >> 4;
        step();
    }

    /** Counts looking at so many elements. */
    void lookItems(long items) {
        steps += items >> 2;
        step();
    }

    void enter(String doing) {
        step();
        if (++depth > limits.depth()) throw over(doing, "depth", depth, limits.depth());
    }

    void leave() {
        depth--;
    }

    /** To be asked before a string of so many characters is made. */
    void makeText(String doing, long chars) {
        if (chars > limits.valueChars()) throw over(doing, "characters", chars, limits.valueChars());
        look(chars);
        made(doing, chars);
    }

    /** To be asked before a list of so many elements is made. */
    void makeItems(String doing, long items) {
        if (items > limits.valueItems()) throw over(doing, "elements", items, limits.valueItems());
        lookItems(items);
        made(doing, items * Limits.ITEM_CHARS);
    }

    private void made(String doing, long chars) {
        made += chars;
        if (made > limits.madeChars()) throw over(doing, "characters made by this rendering", made, limits.madeChars());
    }
}
