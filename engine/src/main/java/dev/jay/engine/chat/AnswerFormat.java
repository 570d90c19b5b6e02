// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.chat;

import dev.jay.engine.sample.grammar.Form;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What an answer of a chat is made of: thinking, then text, then calls, as far as there are any. Says what the model may
 * write (a grammar, from the first token on: text in which calls do not begin, then calls as they must be), and takes
 * apart what it wrote.
 *
 * @param marks  around its thinking; null: it is not told from what it says
 * @param opened whether the prompt has begun the thinking already
 * @param calls  how calls are written; null: there are none
 */
public record AnswerFormat(ReasoningMarks marks, boolean opened, CallText calls) {
    /** Text and nothing else. */
    public static final AnswerFormat TEXT = new AnswerFormat(null, false, null);

    /**
     * @param schemas  of the arguments, by name of the tool
     * @param must     whether it must call
     * @param parallel whether it may call several times, where the family can
     * @param content  what its text must be, where it does not call
     */
    public Grammar grammar(Map<String, String> schemas, boolean must, boolean parallel, Optional<Grammar> content) {
        List<Form> tools = new ArrayList<>();
        schemas.forEach((name, schema) -> tools.add(Form.all(
                new Form.Text(calls.before() + name + calls.inside()),
                new Form.Json(schema),
                new Form.Text(calls.after()))));
        Form one = new Form.Either(tools);
        boolean several = parallel && calls.between() != null;
        Form called = Form.all(
                new Form.Text(calls.open()),
                several ? new Form.Many(one, new Form.Text(calls.between())) : one,
                new Form.Text(calls.close()));
        return Grammar.of(afterThinking(must ? called : mayCall(called, content)));
    }

    private Form mayCall(Form called, Optional<Grammar> content) {
        if (content.isPresent()) return Form.either(new Form.Of(content.get()), called);
        if (isWhole())
            return Form.either(called, new Form.NotBeginning(calls.begin().charAt(0)));
        return Form.all(new Form.Without(calls.begin()), Form.maybe(called));
    }

    /** Whether a call is recognised only at the very beginning, as it begins like any JSON. */
    private boolean isWhole() {
        return calls.begin().startsWith("{");
    }

    /** The same for an answer without calls whose text must be of a grammar. */
    public Grammar grammar(Grammar content) {
        return marks == null ? content : Grammar.of(afterThinking(new Form.Of(content)));
    }

    private Form afterThinking(Form said) {
        if (marks == null) return said;
        Form space = new Form.Of(Grammar.ofRegex("\\s{0,4}"));
        Form rest = Form.all(new Form.Without(marks.close()), new Form.Text(marks.close()), space);
        Form thinking = opened ? rest : Form.maybe(Form.all(new Form.Text(marks.open()), rest));
        return Form.all(thinking, said);
    }

    /** Control tokens that must be read as text for this to be found in an answer. */
    public Set<Integer> writtenTokens(Tokenizer tokenizer) {
        List<String> texts = new ArrayList<>();
        if (marks != null) texts.addAll(List.of(marks.open(), marks.close()));
        if (calls != null) texts.addAll(calls.parts());
        Set<Integer> written = new HashSet<>();
        if (texts.isEmpty()) return written;
        for (int t = 0; t < tokenizer.size(); t++) {
            if (!tokenizer.isControl(t) || tokenizer.endOfGeneration().contains(t)) continue;
            String piece = tokenizer.piece(t);
            if (!piece.isEmpty() && texts.stream().anyMatch(text -> text.contains(piece))) written.add(t);
        }
        return written;
    }

    /** @param ids for calls */
    public AnswerReader reader(Supplier<String> ids) {
        return new AnswerReader(this, ids, calls != null && isWhole());
    }
}
