// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.Map;
import java.util.Set;

/** The words of JSON schema: which are honoured, which say nothing about a value, and which are refused. */
final class SchemaKeywords {
    static final Set<String> NUMBER =
            Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");
    static final Set<String> STRING = Set.of("minLength", "maxLength", "pattern");
    static final Set<String> ARRAY =
            Set.of("items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems");
    static final Set<String> OBJECT = Set.of(
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "maxProperties");
    static final Set<String> ANY = Set.of("type", "enum", "const", "format", "nullable");
    static final Set<String> GROUPS = Set.of("$ref", "allOf", "anyOf", "oneOf");

    private static final Set<String> SILENT = Set.of(
            "$schema",
            "$id",
            "id",
            "$comment",
            "$defs",
            "definitions",
            "$anchor",
            "title",
            "description",
            "default",
            "example",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "contentEncoding",
            "contentMediaType",
            "discriminator",
            "externalDocs",
            "xml",
            "strict");
    private static final Map<String, String> REFUSED = Map.of(
            "not", "what a value is not cannot be told while it is written",
            "if", "conditions are not supported; use anyOf",
            "then", "conditions are not supported; use anyOf",
            "else", "conditions are not supported; use anyOf",
            "contains", "not supported",
            "dependentRequired", "not supported; use anyOf",
            "dependentSchemas", "not supported; use anyOf",
            "unevaluatedProperties", "not supported; use additionalProperties",
            "unevaluatedItems", "not supported; use items",
            "$dynamicRef", "not supported; use $ref");

    private SchemaKeywords() {}

    static boolean asserts(String word) {
        return NUMBER.contains(word)
                || STRING.contains(word)
                || ARRAY.contains(word)
                || OBJECT.contains(word)
                || ANY.contains(word);
    }

    /** @throws GrammarException if the word cannot be honoured */
    static void check(String word) {
        if (asserts(word) || GROUPS.contains(word) || SILENT.contains(word) || word.startsWith("x-")) return;
        throw new GrammarException("schema: keyword " + shown(word) + ": "
                + REFUSED.getOrDefault(word, "unknown; it would be left out in silence"));
    }

    static String shown(String word) {
        return word.length() <= 64 ? word : word.substring(0, 64) + "...";
    }
}
