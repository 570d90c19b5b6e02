// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import java.util.List;

/** What more of an answer has become certain. */
public record AnswerDelta(String reasoning, String content, List<Call> calls) {
    /**
     * More of one call.
     *
     * @param index from 0
     * @param id    null but with the first of a call
     * @param name  null but with the first of a call
     */
    public record Call(int index, String id, String name, String arguments) {}

    public AnswerDelta {
        calls = List.copyOf(calls);
    }

    public boolean isEmpty() {
        return reasoning.isEmpty() && content.isEmpty() && calls.isEmpty();
    }
}
