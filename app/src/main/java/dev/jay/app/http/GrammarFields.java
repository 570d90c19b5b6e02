// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.sample.grammar.GrammarException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import tools.jackson.databind.JsonNode;

/**
 * What an answer must be: {@code response_format} as OpenAI has it, or {@code json_schema}, {@code grammar} and
 * {@code regex} beside it, as llama-server's and vLLM's requests do.
 */
final class GrammarFields {
    /** Large ones take tens of megabytes while they are read: one at a time. */
    private static final ReentrantLock READING = new ReentrantLock();

    private final Fields fields;

    GrammarFields(Fields fields) {
        this.fields = fields;
    }

    /** Empty where any text will do. */
    Optional<Grammar> read() {
        List<Grammar> all = new ArrayList<>();
        fields.object("response_format").flatMap(GrammarFields::format).ifPresent(all::add);
        fields.get("json_schema").ifPresent(schema -> all.add(schema("json_schema", schema)));
        fields.text("grammar")
                .filter(g -> !g.isEmpty())
                .ifPresent(g -> all.add(made("grammar", () -> Grammar.ofGbnf(g))));
        fields.text("regex").ifPresent(r -> all.add(made("regex", () -> Grammar.ofRegex(r))));
        if (all.size() > 1) {
            throw ApiException.invalid(
                    null, "response_format, json_schema, grammar and regex exclude one another: only one can hold");
        }
        return all.stream().findFirst();
    }

    private static Optional<Grammar> format(Fields format) {
        String type = format.text("type").orElseThrow(() -> format.missing("type"));
        return switch (type) {
            case "text" -> Optional.empty();
            case "json_object" ->
                Optional.of(format.get("schema")
                        .map(schema -> schema("response_format", schema))
                        .orElseGet(Grammar::ofJsonObject));
            case "json_schema" -> {
                Optional<Fields> nested = format.object("json_schema");
                JsonNode schema = nested.flatMap(n -> n.get("schema"))
                        .or(() -> format.get("schema"))
                        .orElseThrow(() -> nested.orElse(format).missing("schema"));
                yield Optional.of(schema("response_format", schema));
            }
            default -> throw format.unsupported("type", "allowed: text, json_object, json_schema");
        };
    }

    static Grammar schema(String field, JsonNode schema) {
        return made(field, () -> Grammar.ofJsonSchema(schema.toString()));
    }

    /** Reads one on somebody's behalf. */
    interface Making {
        Grammar make();
    }

    /** What a grammar's text is refused for goes back to who sent it. */
    static Grammar made(String field, Making making) {
        try {
            return alone(making);
        } catch (GrammarException e) {
            throw ApiException.invalid(field, "invalid_grammar", field + ": " + e.getMessage());
        }
    }

    static Grammar alone(Making making) {
        READING.lock();
        try {
            return making.make();
        } finally {
            READING.unlock();
        }
    }
}
