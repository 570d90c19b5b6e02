// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.chat.AnswerFormat;
import dev.jay.engine.chat.CallSyntaxes;
import dev.jay.engine.chat.CallText;
import dev.jay.engine.chat.ReasoningMarks;
import dev.jay.model.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** How one model's answers are made up: its family's call syntax and thinking marks, found by its template. Thread-safe. */
public final class AnswerFormats {
    private static final int LAST = 16; // tokens that a mark takes at most

    private final Tokenizer tokenizer;
    private final CallText calls;
    private final Optional<ReasoningMarks> marks;
    private final ConcurrentMap<AnswerFormat, Set<Integer>> written = new ConcurrentHashMap<>();

    public AnswerFormats(Model model) {
        tokenizer = model.tokenizer();
        String template =
                model.metadata().optionalText("tokenizer.chat_template").orElse("");
        calls = CallSyntaxes.of(template).text();
        marks = ReasoningMarks.of(template);
    }

    /**
     * What an answer to this prompt is made of.
     *
     * @param thinking whether thinking is told apart, where the model marks it
     * @param mayCall  whether there are tools to call
     */
    public AnswerFormat of(int[] prompt, boolean thinking, boolean mayCall) {
        ReasoningMarks told = thinking ? marks.orElse(null) : null;
        boolean opened = told != null && end(prompt).stripTrailing().endsWith(told.open());
        return new AnswerFormat(told, opened, mayCall ? calls : null);
    }

    private String end(int[] prompt) {
        StringBuilder text = new StringBuilder();
        for (int i = Math.max(0, prompt.length - LAST); i < prompt.length; i++) {
            text.append(
                    tokenizer.isControl(prompt[i])
                            ? tokenizer.piece(prompt[i])
                            : new String(tokenizer.bytes(prompt[i]), StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    /** The request with the marks of this format read as text, so that they are found in its answer. */
    public Request reading(Request request, AnswerFormat format) {
        return request.withWrittenTokens(written.computeIfAbsent(format, f -> f.writtenTokens(tokenizer)));
    }
}
