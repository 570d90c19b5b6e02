// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Takes an answer apart as it comes, wherever its pieces begin and end. Text that may be the beginning of a mark is held
 * back until it is known. Confined to one caller.
 */
public final class AnswerReader {
    private enum Place {
        START,
        THINKING,
        TEXT,
        BEFORE_CALL,
        NAME,
        ARGUMENTS,
        AFTER_CALL,
        NEXT,
        DONE
    }

    private final ReasoningMarks marks;
    private final CallText calls;
    private final Supplier<String> ids;
    private final boolean whole; // calls are looked for at the beginning only
    private final StringBuilder held = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder(); // to be given out
    private final StringBuilder content = new StringBuilder();
    private final List<AnswerDelta.Call> called = new ArrayList<>();
    private Place place;
    private boolean begun; // something was given out as thinking
    private boolean said; // something was given out as text
    private int count;
    private int depth; // of the arguments
    private boolean inString;
    private boolean escaped;

    AnswerReader(AnswerFormat format, Supplier<String> ids, boolean whole) {
        this.marks = format.marks();
        this.calls = format.calls();
        this.ids = ids;
        this.whole = whole;
        this.place = marks == null ? Place.TEXT : format.opened() ? Place.THINKING : Place.START;
    }

    /** How many calls it has made so far. */
    public int calls() {
        return count;
    }

    public AnswerDelta next(String text) {
        held.append(text);
        while (step()) {}
        return given();
    }

    /** What was held back, when nothing more will come. */
    public AnswerDelta finish() {
        if (place == Place.START || place == Place.TEXT) say(held.length());
        if (place == Place.THINKING) think(held.length());
        held.setLength(0);
        return given();
    }

    private AnswerDelta given() {
        AnswerDelta delta = new AnswerDelta(reasoning.toString(), content.toString(), called);
        reasoning.setLength(0);
        content.setLength(0);
        called.clear();
        return delta;
    }

    /** Whether it came further and should go on. */
    private boolean step() {
        return switch (place) {
            case START -> start();
            case THINKING -> thinking();
            case TEXT -> text();
            case BEFORE_CALL -> take(calls.before(), Place.NAME);
            case NAME -> name();
            case ARGUMENTS -> arguments();
            case AFTER_CALL -> take(calls.after(), Place.NEXT);
            case NEXT -> another();
            case DONE -> false;
        };
    }

    private boolean go(int length, Place to) {
        held.delete(0, length);
        place = to;
        return true;
    }

    private boolean start() {
        String text = held.toString().stripLeading();
        if (text.startsWith(marks.open())) {
            return go(held.length() - text.length() + marks.open().length(), Place.THINKING);
        }
        return !marks.open().startsWith(text) && go(0, Place.TEXT);
    }

    private boolean thinking() {
        int end = held.indexOf(marks.close());
        if (end >= 0) {
            String thought = held.substring(0, end).stripTrailing();
            held.replace(0, end, thought);
            think(thought.length());
            return go(marks.close().length(), Place.TEXT);
        }
        think(certain(marks.close()));
        return false;
    }

    private void think(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        if (!begun) text = text.stripLeading();
        begun |= !text.isEmpty();
        reasoning.append(text);
    }

    private boolean text() {
        if (calls == null) {
            say(held.length());
            return false;
        }
        String begin = calls.begin();
        int at = whole && said ? -1 : held.indexOf(begin);
        if (whole && at > 0 && !held.substring(0, at).isBlank()) at = -1;
        if (at >= 0) {
            String before = held.substring(0, at).stripTrailing();
            held.replace(0, at, before);
            say(before.length());
            return go(calls.open().length(), Place.BEFORE_CALL);
        }
        say(whole && said ? held.length() : certain(begin));
        return false;
    }

    private void say(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        if (!said && marks != null) text = text.stripLeading(); // between thinking and text
        said |= !text.isEmpty();
        content.append(text);
    }

    /** How much of what is held is neither the beginning of a mark nor space before one. */
    private int certain(String mark) {
        int tail = Math.min(mark.length() - 1, held.length());
        while (tail > 0 && !mark.startsWith(held.substring(held.length() - tail))) tail--;
        int certain = held.length() - tail;
        while (certain > 0 && Character.isWhitespace(held.charAt(certain - 1))) certain--;
        return certain;
    }

    private boolean take(String mark, Place then) {
        if (held.length() < mark.length()) {
            if (!mark.startsWith(held.toString())) place = Place.DONE;
            return false;
        }
        return go(mark.length(), held.indexOf(mark) == 0 ? then : Place.DONE);
    }

    private boolean name() {
        int end = held.indexOf(calls.inside());
        if (end < 0) return false;
        called.add(new AnswerDelta.Call(count++, ids.get(), held.substring(0, end), ""));
        depth = 0;
        inString = false;
        escaped = false;
        return go(end + calls.inside().length(), Place.ARGUMENTS);
    }

    private boolean arguments() {
        if (held.isEmpty()) return false;
        int at = 0;
        boolean done = false;
        while (at < held.length() && !done) {
            char c = held.charAt(at++);
            if (inString) {
                if (escaped) escaped = false;
                else if (c == '\\') escaped = true;
                else if (c == '"') inString = false;
            } else if (c == '"') {
                inString = true;
            } else if (c == '{' || c == '[') {
                depth++;
            } else if (c == '}' || c == ']') {
                done = --depth == 0;
            }
        }
        called.add(new AnswerDelta.Call(count - 1, null, null, held.substring(0, at)));
        go(at, done ? Place.AFTER_CALL : Place.ARGUMENTS);
        return done;
    }

    private boolean another() {
        String next = calls.between() == null ? null : calls.between() + calls.before();
        if (next == null) return go(0, Place.DONE);
        if (held.indexOf(next) == 0) return go(calls.between().length(), Place.BEFORE_CALL);
        return !next.startsWith(held.toString()) && go(0, Place.DONE);
    }
}
