// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/** Writes objects: the declared properties in order, then the others; counted where their number matters. */
final class ObjectWriter {
    private final SchemaWriter schemas;
    private final NetworkBuilder to;

    ObjectWriter(SchemaWriter schemas, NetworkBuilder to) {
        this.schemas = schemas;
        this.to = to;
    }

    /** A property that is declared, or required. */
    private record Property(String name, List<SchemaPart> value, boolean required) {}

    /** Other properties: which names they may have. */
    private record Others(CharDfa names, List<SchemaPart> value) {}

    void add(int from, SchemaShape shape, int end) {
        Members members = new Members(shape);
        List<Property> properties = members.properties();
        if (properties == null) return; // what is required is forbidden
        List<Others> others = members.others();
        int open = to.node();
        int first = to.node();
        int close = to.node();
        to.bytes(from, '{', '{', open);
        schemas.space(open, first);
        to.bytes(close, '}', '}', end);
        int most = shape.maxProperties;
        if (others.isEmpty() && most >= properties.size()) most = -1;
        long required = properties.stream().filter(Property::required).count();
        int least = shape.minProperties <= required ? 0 : shape.minProperties;
        if (least > properties.size() + (others.isEmpty() ? 0 : 1)) {
            throw SchemaShape.wrong(
                    "minProperties",
                    "got " + least + "; of properties that are not declared only one is certain to count, as names may"
                            + " come twice");
        }
        if (most < 0 && least == 0) free(first, properties, others, close);
        else new Counted(properties, others, least, most, close).write(first);
    }

    /** Each property is written once: whether one stands before it shows in where one comes from. */
    private void free(int first, List<Property> properties, List<Others> others, int close) {
        int none = first; // nothing written yet
        int some = to.node();
        for (Property p : properties) {
            int key = to.node();
            int nextNone = to.node();
            int nextSome = to.node();
            to.free(none, key);
            schemas.comma(some, key);
            pair(key, p, nextSome);
            if (!p.required()) {
                to.free(none, nextNone);
                to.free(some, nextSome);
            }
            none = nextNone;
            some = nextSome;
        }
        if (!others.isEmpty()) {
            int key = to.node();
            to.free(none, key);
            schemas.comma(some, key);
            for (Others each : others) pair(key, each, some);
        }
        to.free(none, close);
        schemas.space(some, close);
    }

    private void pair(int from, Property p, int end) {
        int colon = to.node();
        to.text(from, StringNode.valueOf(p.name()).toString(), colon);
        value(colon, p.value(), end);
    }

    private void pair(int from, Others others, int end) {
        int colon = to.node();
        to.call(from, schemas.string(others.names()), colon);
        value(colon, others.value(), end);
    }

    private void value(int from, List<SchemaPart> value, int end) {
        int space = to.node();
        int behind = to.node();
        to.bytes(from, ':', ':', space);
        to.free(space, behind);
        to.bytes(space, ' ', ' ', behind);
        schemas.add(behind, value, end);
    }

    /** Where the number of properties matters: a node for each number written so far. */
    private final class Counted {
        private final List<Property> properties;
        private final List<Others> others;
        private final int least;
        private final int most;
        private final int close;

        Counted(List<Property> properties, List<Others> others, int least, int most, int close) {
            this.properties = properties;
            this.others = others;
            this.least = least;
            this.most = most;
            this.close = close;
        }

        void write(int first) {
            int n = properties.size();
            int[] now = new int[n + 1];
            now[0] = first;
            for (int i = 0; i < n; i++) {
                Property p = properties.get(i);
                int rule = to.rule("a property");
                pair(to.start(rule), p, to.end(rule));
                int[] next = new int[n + 1];
                for (int c = 0; c <= i + 1; c++) next[c] = to.node();
                for (int c = 0; c <= i; c++) {
                    if (!p.required()) to.free(now[c], next[c]);
                    if (most < 0 || c < most) to.call(separated(now[c], c), rule, next[c + 1]);
                }
                now = next;
            }
            for (int c = 0; c <= n; c++) others(now[c], c);
        }

        private int separated(int from, int before) {
            if (before == 0) return from;
            int key = to.node();
            schemas.comma(from, key);
            return key;
        }

        private void others(int from, int declared) {
            if (declared >= least) end(from, declared);
            if (others.isEmpty() || (most >= 0 && declared >= most)) return;
            int rule = to.rule("another property");
            for (Others each : others) pair(to.start(rule), each, to.end(rule));
            int at = from;
            for (int c = declared; most < 0 || c < most; c++) {
                int next = to.node();
                to.call(separated(at, c), rule, next);
                if (declared + 1 >= least) end(next, c + 1);
                at = next;
                if (most < 0) {
                    to.call(separated(at, 1), rule, at);
                    return;
                }
            }
        }

        private void end(int from, int before) {
            if (before == 0) to.free(from, close);
            else schemas.space(from, close);
        }
    }

    /** What the schemas say together of each property. */
    private final class Members {
        private final SchemaShape shape;
        private final Set<String> declared = new LinkedHashSet<>();
        private final Map<String, CharDfa> patterns = new TreeMap<>();
        private CharDfa names = CharDfa.ANY;
        private boolean open;

        Members(SchemaShape shape) {
            this.shape = shape;
            boolean says = false;
            for (SchemaPart part : shape.parts) {
                JsonNode n = part.node();
                declared.addAll(object(n, "properties").propertyNames());
                for (String pattern : object(n, "patternProperties").propertyNames()) {
                    patterns.computeIfAbsent(pattern, p -> SchemaWriter.texts("patternProperties", p, true));
                }
                says |= n.has("additionalProperties") || n.has("patternProperties");
                if (n.has("propertyNames")) names = names.and(namesOf(n.get("propertyNames")));
            }
            boolean nothingDeclared = declared.isEmpty();
            declared.addAll(shape.required);
            open = says || nothingDeclared;
        }

        private CharDfa namesOf(JsonNode schema) {
            List<SchemaPart> parts = List.of(new SchemaPart(schema));
            if (!parts.getFirst().asserts()) return CharDfa.ANY;
            SchemaShape of = new SchemaShape(parts);
            CharDfa texts = schemas.stringTexts(of);
            if (of.values != null) {
                texts = texts.and(CharDfa.ofTexts(of.values.stream()
                        .filter(JsonNode::isString)
                        .map(JsonNode::stringValue)
                        .toList()));
            }
            for (String word : schema.propertyNames()) {
                SchemaKeywords.check(word);
                if (SchemaKeywords.GROUPS.contains(word))
                    throw SchemaShape.wrong("propertyNames", word + " in it is not supported");
            }
            return texts;
        }

        /** Null if one that is required cannot be. */
        List<Property> properties() {
            List<Property> all = new ArrayList<>();
            for (String name : declared) {
                boolean required = shape.required.contains(name);
                List<SchemaPart> value = names.allows(name) ? valueOf(name) : null;
                if (value == null && required) return null;
                if (value != null) all.add(new Property(name, value, required));
            }
            return all;
        }

        /** Null where it is forbidden. */
        private List<SchemaPart> valueOf(String name) {
            List<SchemaPart> value = new ArrayList<>();
            for (SchemaPart part : shape.parts) {
                JsonNode own = object(part.node(), "properties").get(name);
                boolean known = own != null;
                if (known) value.add(new SchemaPart(own));
                JsonNode byPattern = object(part.node(), "patternProperties");
                for (String pattern : byPattern.propertyNames()) {
                    if (!patterns.get(pattern).allows(name)) continue;
                    value.add(new SchemaPart(byPattern.get(pattern)));
                    known = true;
                }
                JsonNode rest = part.node().get("additionalProperties");
                if (!known && rest != null) value.add(new SchemaPart(rest));
            }
            boolean forbidden = value.stream()
                    .anyMatch(v -> v.node().isBoolean() && !v.node().booleanValue());
            return forbidden ? null : value;
        }

        List<Others> others() {
            if (!open) return List.of();
            CharDfa free = declared.isEmpty()
                    ? names
                    : names.and(CharDfa.ofTexts(declared).not());
            List<Others> all = new ArrayList<>();
            CharDfa unmatched = free;
            for (Map.Entry<String, CharDfa> pattern : patterns.entrySet()) {
                unmatched = unmatched.and(pattern.getValue().not());
                CharDfa only = free.and(pattern.getValue());
                for (Map.Entry<String, CharDfa> other : patterns.entrySet()) {
                    if (other != pattern && !other.getKey().equals(pattern.getKey()))
                        only = only.and(other.getValue().not());
                }
                addOthers(all, only, pattern.getKey());
            }
            addOthers(all, unmatched, null);
            return all;
        }

        private void addOthers(List<Others> all, CharDfa names, String pattern) {
            if (names.isEmpty()) return;
            List<SchemaPart> value = new ArrayList<>();
            for (SchemaPart part : shape.parts) {
                JsonNode of = pattern == null
                        ? null
                        : object(part.node(), "patternProperties").get(pattern);
                if (of == null) of = part.node().get("additionalProperties");
                if (of == null) continue;
                if (of.isBoolean() && !of.booleanValue()) return;
                value.add(new SchemaPart(of));
            }
            all.add(new Others(names, value));
        }

        private static JsonNode object(JsonNode node, String word) {
            JsonNode of = node.path(word);
            if (!of.isMissingNode() && !of.isObject()) throw SchemaShape.wrong(word, "must be an object");
            return of;
        }
    }
}
