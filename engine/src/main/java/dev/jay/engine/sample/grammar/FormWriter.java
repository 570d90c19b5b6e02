// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.List;

/** Writes forms as rules. */
final class FormWriter {
    private static final Regex ANY = new Regex.Repeat(new Regex.One(CodePoints.ALL), 0, -1);

    private final NetworkBuilder to;
    private final TextRules texts;

    FormWriter(NetworkBuilder to) {
        this.to = to;
        this.texts = new TextRules(to, false);
    }

    void add(int from, Form form, int end) {
        switch (form) {
            case Form.Text text -> to.text(from, text.text(), end);
            case Form.Json json -> to.call(from, schema(json.schema()), end);
            case Form.Of of -> grammar(from, of.grammar(), end);
            case Form.Without without -> {
                String mark = without.mark();
                texts.add(
                        from,
                        mark.isEmpty()
                                ? CharDfa.ANY
                                : CharDfa.of(Regex.literal(mark), true).not(),
                        end);
            }
            case Form.NotBeginning not -> {
                Regex first =
                        new Regex.One(CodePoints.of(not.with(), not.with()).not());
                Regex some = new Regex.Sequence(List.of(first, ANY));
                texts.add(from, CharDfa.of(new Regex.Repeat(some, 0, 1), false), end);
            }
            case Form.All all -> {
                int at = from;
                for (Form part : all.parts()) {
                    int next = to.node();
                    add(at, part, next);
                    at = next;
                }
                to.free(at, end);
            }
            case Form.Either either -> either.choices().forEach(choice -> add(from, choice, end));
            case Form.Many many -> {
                int first = to.node();
                int last = to.node();
                to.free(from, first);
                add(first, many.part(), last);
                to.free(last, end);
                add(last, many.between(), first);
            }
        }
    }

    private int schema(String text) {
        List<String> key = List.of("schema", text);
        int rule = to.kept(key);
        if (rule >= 0) return rule;
        rule = to.keep(key, to.rule("a schema"));
        SchemaDocument document = new SchemaDocument(text);
        new SchemaWriter(document, to).add(to.start(rule), List.of(new SchemaPart(document.root())), to.end(rule));
        return rule;
    }

    private void grammar(int from, Grammar grammar, int end) {
        switch (grammar.kind()) {
            case Grammar.JSON_SCHEMA -> to.call(from, schema(grammar.source()), end);
            case Grammar.REGEX -> texts.add(from, CharDfa.of(RegexReader.read(grammar.source()), false), end);
            case Grammar.GBNF -> to.call(from, new GbnfReader(grammar.source(), to).root(), end);
            default -> throw new IllegalArgumentException("grammar: a form of forms: kind=" + grammar.kind());
        }
    }
}
