// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The schemas of an array's items: of the first ones, each, and of all that follow. */
final class ArrayItems {
    private final SchemaShape shape;
    private final List<List<SchemaPart>> prefix = new ArrayList<>();
    private final List<SchemaPart> rest = new ArrayList<>();

    ArrayItems(SchemaShape shape) {
        this.shape = shape;
        int longest = 0;
        for (SchemaPart part : shape.parts)
            longest = Math.max(longest, firsts(part).size());
        for (int i = 0; i < longest; i++) {
            List<SchemaPart> at = new ArrayList<>();
            for (SchemaPart part : shape.parts) {
                List<JsonNode> firsts = firsts(part);
                if (i < firsts.size()) at.add(new SchemaPart(firsts.get(i)));
                else if (others(part) != null) at.add(new SchemaPart(others(part)));
            }
            prefix.add(at);
        }
        for (SchemaPart part : shape.parts) if (others(part) != null) rest.add(new SchemaPart(others(part)));
    }

    private static List<JsonNode> firsts(SchemaPart part) {
        JsonNode list = part.node().get("prefixItems");
        if (list == null && part.node().path("items").isArray())
            list = part.node().get("items");
        List<JsonNode> all = new ArrayList<>();
        if (list != null) for (JsonNode each : SchemaDocument.listed("prefixItems", list)) all.add(each);
        return all;
    }

    /** Null where nothing is said. */
    private static JsonNode others(SchemaPart part) {
        JsonNode items = part.node().get("items");
        return items == null || !items.isArray() ? items : part.node().get("additionalItems");
    }

    List<List<SchemaPart>> prefix() {
        return prefix;
    }

    List<SchemaPart> rest() {
        return rest;
    }

    /** How many items come before those that are all alike, whatever their number. */
    int counted() {
        if (shape.maxItems >= 0) return shape.maxItems;
        return Math.max(prefix.size(), shape.minItems - 1);
    }
}
