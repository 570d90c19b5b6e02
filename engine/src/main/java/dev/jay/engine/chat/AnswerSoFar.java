// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** One answer while it comes: thinking, text and calls, taken apart and summed up. Confined to one caller. */
public final class AnswerSoFar {
    private final AnswerReader reader;
    private final StringBuilder thinking = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<AnswerDelta.Call> begun = new ArrayList<>(); // the first of each call
    private final List<StringBuilder> arguments = new ArrayList<>();

    /** Nothing yet, of an answer in this format. */
    public AnswerSoFar(AnswerFormat format) {
        reader = format.reader(() -> "call_" + UUID.randomUUID());
    }

    /** Takes more of what the model wrote; returns what has become certain. */
    public AnswerDelta next(String more) {
        return take(reader.next(more));
    }

    /** What had been held back, when nothing more will come. */
    public AnswerDelta finish() {
        return take(reader.finish());
    }

    private AnswerDelta take(AnswerDelta delta) {
        thinking.append(delta.reasoning());
        text.append(delta.content());
        for (AnswerDelta.Call call : delta.calls()) {
            if (call.index() == begun.size()) {
                begun.add(call);
                arguments.add(new StringBuilder());
            }
            arguments.get(call.index()).append(call.arguments());
        }
        return delta;
    }

    /** All that was thought, without white space around it. */
    public String thinking() {
        return thinking.toString().strip();
    }

    /** All the text; nothing where calls are all that was said. */
    public String text() {
        return calls() > 0 && text.toString().isBlank() ? "" : text.toString();
    }

    /** How many calls have begun. */
    public int calls() {
        return begun.size();
    }

    /** A call with the arguments so far. */
    public AnswerDelta.Call call(int index) {
        AnswerDelta.Call first = begun.get(index);
        return new AnswerDelta.Call(
                index, first.id(), first.name(), arguments.get(index).toString());
    }
}
