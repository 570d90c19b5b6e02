// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.AnswerFormats;
import dev.jay.engine.Model;
import dev.jay.engine.Request;
import dev.jay.engine.chat.AnswerFormat;
import java.util.Set;

/** What a chat's fields say of how its answer is made up. Thread-safe. */
final class ChatFormat {
    private static final Set<String> KINDS = Set.of("auto", "deepseek", "deepseek-legacy", "none");

    private final AnswerFormats formats;

    ChatFormat(Model model) {
        formats = new AnswerFormats(model);
    }

    /** What an answer to this prompt is made of. */
    AnswerFormat of(Fields fields, ToolFields tools, int[] prompt) {
        String kind = fields.text("reasoning_format").orElse("auto");
        if (!KINDS.contains(kind)) throw fields.unsupported("reasoning_format", "allowed: auto, deepseek, none");
        return formats.of(prompt, !kind.equals("none"), !tools.schemas().isEmpty());
    }

    /** The request with what its answer must be and with the marks that are read. */
    Request on(Request request, AnswerFormat format, ToolFields tools) {
        Request r = formats.reading(request, format);
        if (format.calls() != null) {
            return r.withGrammar(GrammarFields.made(
                    "tools", () -> format.grammar(tools.schemas(), tools.must(), tools.parallel(), r.grammar())));
        }
        return r.grammar().isEmpty()
                ? r
                : r.withGrammar(format.grammar(r.grammar().get()));
    }
}
