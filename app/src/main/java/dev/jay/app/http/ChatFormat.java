// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import dev.jay.engine.Request;
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
final class ChatFormat {
    private static final Set<String> KINDS = Set.of("auto", "deepseek", "deepseek-legacy", "none");
    private static final int LAST = 16; // tokens that a mark takes at most

    private final Tokenizer tokenizer;
    private final CallText calls;
    private final Optional<ReasoningMarks> marks;
    private final ConcurrentMap<AnswerFormat, Set<Integer>> written = new ConcurrentHashMap<>();

    ChatFormat(Model model) {
        tokenizer = model.tokenizer();
        String template =
                model.metadata().optionalText("tokenizer.chat_template").orElse("");
        calls = CallSyntaxes.of(template).text();
        marks = ReasoningMarks.of(template);
    }

    /** What an answer to this prompt is made of. */
    AnswerFormat of(Fields fields, ToolFields tools, int[] prompt) {
        String kind = fields.text("reasoning_format").orElse("auto");
        if (!KINDS.contains(kind)) throw fields.unsupported("reasoning_format", "allowed: auto, deepseek, none");
        ReasoningMarks told = kind.equals("none") ? null : marks.orElse(null);
        boolean opened = told != null && end(prompt).stripTrailing().endsWith(told.open());
        return new AnswerFormat(told, opened, tools.schemas().isEmpty() ? null : calls);
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

    /** The request with what its answer must be and with the marks that are read. */
    Request on(Request request, AnswerFormat format, ToolFields tools) {
        Request r = request.withWrittenTokens(written.computeIfAbsent(format, f -> f.writtenTokens(tokenizer)));
        if (format.calls() != null) {
            return r.withGrammar(GrammarFields.made(
                    "tools", () -> format.grammar(tools.schemas(), tools.must(), tools.parallel(), r.grammar())));
        }
        return r.grammar().isEmpty()
                ? r
                : r.withGrammar(format.grammar(r.grammar().get()));
    }
}
