// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import dev.jay.engine.sample.grammar.SchemaShape.Type;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Proves that alternatives exclude one another: by type, by values, or by a property that tells them apart. */
final class Exclusive {
    private static final int MOST_BRANCHES = 500;
    private static final int MOST_DEPTH = 3;

    private final SchemaDocument document;

    Exclusive(SchemaDocument document) {
        this.document = document;
    }

    /** @throws GrammarException if two of them might both hold for a value */
    void check(JsonNode branches) {
        if (branches.size() > MOST_BRANCHES)
            throw SchemaShape.wrong("oneOf", "more than " + MOST_BRANCHES + " alternatives");
        List<List<SchemaPart>> all = new ArrayList<>();
        for (JsonNode branch : branches) {
            SchemaDocument.Flat flat = document.flat(List.of(new SchemaPart(branch)));
            all.add(flat.impossible() ? null : flat.parts());
        }
        for (int i = 0; i < all.size(); i++) {
            for (int k = 0; k < i; k++) {
                if (all.get(i) == null || all.get(k) == null || apart(all.get(k), all.get(i), 0)) continue;
                throw SchemaShape.wrong(
                        "oneOf",
                        "alternatives " + k + " and " + i + " might both hold; tell them apart by type or by a required"
                                + " property with different const values, or use anyOf");
            }
        }
    }

    /** Whether no value satisfies both. False where that is not known. */
    private boolean apart(List<SchemaPart> a, List<SchemaPart> b, int depth) {
        if (depth > MOST_DEPTH) return false;
        SchemaShape one = new SchemaShape(a);
        SchemaShape two = new SchemaShape(b);
        Set<Type> both = EnumSet.copyOf(certain(one));
        both.retainAll(certain(two));
        if (one.values != null && two.values != null) return one.values.stream().noneMatch(two.values::contains);
        if (both.isEmpty()) return true;
        if (!EnumSet.of(Type.OBJECT).containsAll(both)) return false;
        for (String name : one.required) {
            if (forbids(two, name)) return true;
            if (two.required.contains(name) && apart(property(one, name), property(two, name), depth + 1)) return true;
        }
        return two.required.stream().anyMatch(name -> forbids(one, name));
    }

    /** The types a value of it certainly has: all, where none is named. */
    private static Set<Type> certain(SchemaShape shape) {
        if (shape.values != null) {
            Set<Type> types = EnumSet.noneOf(Type.class);
            for (JsonNode value : shape.values) types.addAll(typesOf(value));
            return types;
        }
        boolean named = shape.parts.stream().anyMatch(p -> p.node().has("type"));
        return named ? shape.types : EnumSet.allOf(Type.class);
    }

    private static Set<Type> typesOf(JsonNode value) {
        if (value.isNull()) return EnumSet.of(Type.NULL);
        if (value.isBoolean()) return EnumSet.of(Type.BOOLEAN);
        if (value.isString()) return EnumSet.of(Type.STRING);
        if (value.isArray()) return EnumSet.of(Type.ARRAY);
        return value.isObject() ? EnumSet.of(Type.OBJECT) : EnumSet.of(Type.INTEGER, Type.NUMBER);
    }

    private List<SchemaPart> property(SchemaShape shape, String name) {
        List<SchemaPart> value = new ArrayList<>();
        for (SchemaPart part : shape.parts) {
            JsonNode own = part.node().path("properties").get(name);
            if (own != null) value.add(new SchemaPart(own));
        }
        return document.flat(value).parts();
    }

    private static boolean forbids(SchemaShape shape, String name) {
        for (SchemaPart part : shape.parts) {
            JsonNode rest = part.node().path("additionalProperties");
            boolean closed =
                    rest.isBoolean() && !rest.booleanValue() && !part.node().has("patternProperties");
            if (closed && part.node().path("properties").get(name) == null) return true;
        }
        return false;
    }
}
