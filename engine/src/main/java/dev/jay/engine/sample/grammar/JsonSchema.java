// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.List;

/**
 * JSON schema (the words of draft 2020-12 and their older spellings) to a grammar for which everything that it allows
 * satisfies the schema. It allows less than the schema in these ways: properties come in the schema's order, declared
 * ones first; an object that declares properties has no others unless {@code additionalProperties} or
 * {@code patternProperties} say so (as OpenAI's strict schemas); a value without {@code type} has the one that the other
 * words are about; numbers have at most 16 digits before and behind the point (more where a bound has more) and no
 * exponent beside a bound; strings with a pattern are written with the escapes they need and no others; between parts
 * stands nothing, a space, or a new line with up to 20 spaces or tabs.
 *
 * <p>{@code oneOf} needs alternatives that provably exclude one another. A word that cannot be honoured ({@code not},
 * {@code if}, {@code uniqueItems}, an unknown {@code format}...) is refused by name.
 */
final class JsonSchema {
    private JsonSchema() {}

    /** @throws GrammarException naming the keyword */
    static Network network(String text) {
        SchemaDocument document = new SchemaDocument(text);
        NetworkBuilder to = new NetworkBuilder();
        int root = to.rule("the schema");
        new SchemaWriter(document, to).add(to.start(root), List.of(new SchemaPart(document.root())), to.end(root));
        return to.build();
    }
}
