// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import tools.jackson.databind.JsonNode;

/**
 * One schema that a value must satisfy, less what has been taken care of already.
 *
 * @param taken bits of {@link #REF} and so on: groups that are not looked at any more
 */
record SchemaPart(JsonNode node, int taken) {
    static final int REF = 1;
    static final int ALL_OF = 2;
    static final int ANY_OF = 4;
    static final int ONE_OF = 8;

    SchemaPart(JsonNode node) {
        this(node, 0);
    }

    SchemaPart without(int group) {
        return new SchemaPart(node, taken | group);
    }

    /** The group's node; null where it is absent or taken. */
    JsonNode group(String word, int bit) {
        return (taken & bit) != 0 ? null : node.get(word);
    }

    /** Whether anything is left that says something about a value. */
    boolean asserts() {
        if (node.isBoolean()) return !node.booleanValue();
        if (group("$ref", REF) != null || group("allOf", ALL_OF) != null) return true;
        if (group("anyOf", ANY_OF) != null || group("oneOf", ONE_OF) != null) return true;
        return node.propertyNames().stream().anyMatch(SchemaKeywords::asserts);
    }

    /** The same node of the document, not an equal one. */
    @Override
    public boolean equals(Object o) {
        return o instanceof SchemaPart p && node == p.node && taken == p.taken;
    }

    @Override
    public int hashCode() {
        return 31 * System.identityHashCode(node) + taken;
    }
}
