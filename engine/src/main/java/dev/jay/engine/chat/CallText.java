// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.List;

/**
 * How calls stand in an answer: {@code open}, then for each call {@code before}, its name, {@code inside}, its arguments
 * as a JSON object and {@code after}; {@code between} two of them; {@code close}. The first text of these begins the
 * calls: nothing else in an answer may.
 *
 * @param between null: one call only
 */
public record CallText(String open, String before, String inside, String after, String between, String close) {
    /** What an answer's text is looked through for. */
    String begin() {
        return open.isEmpty() ? before : open;
    }

    /** Calls as the model would have written them. */
    public String write(List<ToolCall> calls) {
        StringBuilder text = new StringBuilder(open);
        for (int i = 0; i < calls.size(); i++) {
            if (i > 0) text.append(between == null ? "\n" : between);
            ToolCall call = calls.get(i);
            text.append(before).append(call.name()).append(inside);
            text.append(call.arguments()).append(after);
        }
        return text.append(close).toString();
    }

    List<String> parts() {
        return List.of(open, before, inside, after, between == null ? "" : between, close);
    }
}
